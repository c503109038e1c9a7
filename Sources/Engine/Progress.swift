import Model

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
        /// The disk is full: appends wait for space.
        package var waitsForSpace = false
        /// Why checkpoints fail, if they do; counting goes on in memory meanwhile.
        package var checkpointFailure: String?
    }

    let monitor = Monitor(Counters())

    package var counters: Counters { monitor.withLock { $0 } }

    func published(_ end: UInt64, unsealed: Int) {
        monitor.change {
            $0.end = max($0.end, end)
            $0.unsealed = unsealed
        }
    }

    /// The disk takes writes again.
    func foundSpace() { monitor.withLock { $0.waitsForSpace = false } }

    /// Waits while more messages wait to be folded than `Limits.headMessagesMax`, or more segments
    /// to be sealed than `Limits.unsealedSegmentsMax`.
    func waitForRoom(orUntil stopped: () -> Bool) {
        while !stopped() {
            let room = monitor.wait(milliseconds: 200) { counters -> Bool? in
                counters.end - counters.watermark < UInt64(Limits.headMessagesMax)
                    && counters.unsealed < Limits.unsealedSegmentsMax ? true : nil
            }
            if room == true { return }
        }
    }

    /// Waits a little before the next try on a full disk.
    func pauseForSpace() {
        monitor.withLock { $0.waitsForSpace = true }
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
