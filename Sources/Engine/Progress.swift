import Model

/// Work of the archive thread.
public struct ArchivingFigures: Sendable {
    /// Archives made, of one segment or of several.
    public package(set) var archives = 0
    /// Messages that went into them, each as often as it did.
    public package(set) var messages = 0
    /// Processor time of that, in microseconds.
    public package(set) var processorMicroseconds = 0
}

/// How far log and rollups have come: what the log thread and the index thread tell each other.
package final class Progress: Sendable {
    package struct Counters: Sendable {
        /// The last visible sequence.
        package var end: UInt64 = 0
        /// The last sequence that LMDB covers.
        package var watermark: UInt64 = 0
        /// Checkpoints made since the engine was opened.
        package var checkpoints: UInt64 = 0
        /// Somebody waits for a checkpoint up to this sequence.
        var wantedWatermark: UInt64 = 0
        var closing = false
        /// Full segments whose columns are not written yet.
        package var unsealed = 0
        /// Why their columns cannot be written, if they cannot.
        package var sealingFailure: String?
        /// Sealed segments whose payloads are still in journals.
        package var unarchived = 0
        /// What compaction has done since the engine was opened.
        package var archiving = ArchivingFigures()
        /// Why compaction fails, if it does; the journals stay meanwhile.
        package var compactionFailure: String?
        /// How often LMDB's file was rewritten in key order since the engine was opened.
        package var rewrites = 0
        /// Why it cannot be, if it cannot; the old one stays.
        package var rewriteFailure: String?
        /// What the archive thread is to do next.
        var jobs: [@Sendable () -> Void] = []
        /// The archive thread has ended.
        var hasStoppedCompacting = false
        /// The last append found no space: appends are refused, or wait for some.
        package var diskIsFull = false
        /// Why checkpoints fail, if they do; counting goes on in memory meanwhile.
        package var checkpointFailure: String?
    }

    let monitor = Monitor(Counters())

    package var counters: Counters { monitor.withLock { $0 } }

    func published(_ end: UInt64, unsealed: Int, unarchived: Int) {
        monitor.change {
            $0.end = max($0.end, end)
            $0.unsealed = unsealed
            $0.unarchived = unarchived
        }
    }

    /// What the last append has met.
    func note(diskIsFull: Bool) { monitor.withLock { $0.diskIsFull = diskIsFull } }

    /// Waits while more messages wait to be folded than `Limits.headMessagesMax`, more segments to
    /// be sealed than `Limits.unsealedSegmentsMax`, or more journals to be archived than
    /// `Limits.unarchivedSegmentsMax` (but for those that cannot be).
    func waitForRoom(orUntil stopped: () -> Bool) {
        while !stopped() {
            let room = monitor.wait(milliseconds: 200) { counters -> Bool? in
                counters.end < counters.watermark + UInt64(Limits.headMessagesMax)
                    && counters.unsealed < Limits.unsealedSegmentsMax
                    && (counters.unarchived < Limits.unarchivedSegmentsMax
                        || counters.compactionFailure != nil)
                    ? true : nil
            }
            if room == true { return }
        }
    }

    /// Waits a little before the next try on a full disk.
    func pauseForSpace() {
        _ = monitor.wait(milliseconds: 200) { counters in counters.closing ? true : nil }
    }

    /// The rollups were found to cover the log up to `watermark`.
    func opened(at watermark: UInt64) { monitor.change { $0.watermark = watermark } }

    func checkpointed(_ watermark: UInt64) {
        monitor.change {
            $0.watermark = max($0.watermark, watermark)
            $0.checkpoints += 1
            $0.checkpointFailure = nil
        }
    }
}
