import MessageLog

/// The archive thread: makes archives of full journals and merges neighbours, a step at a time, and
/// gives way to the other threads.
final class Compactor: Sendable {
    private let log: MessageLog
    private let publication: Publication
    private let progress: Progress
    private static let pauseMilliseconds = 250
    /// After a failure, such as a full disk.
    private static let patienceMilliseconds = 2_000

    init(log: MessageLog, publication: Publication, progress: Progress) {
        self.log = log
        self.publication = publication
        self.progress = progress
    }

    /// The thread's body: returns when the engine closes, giving up what is under way.
    func run() {
        yieldToOthers()
        var pause = Self.pauseMilliseconds
        while true {
            let work = progress.monitor.wait(milliseconds: pause) { counters -> Work? in
                if counters.closing { return .stop }
                let wanted = counters.compactionsWanted
                return wanted > counters.compactionsDone ? .everything(upTo: wanted) : nil
            }
            switch work {
            case .stop?: return
            case .everything(let wanted)?: pause = compact(everything: true, upTo: wanted)
            case nil: pause = compact(everything: false, upTo: 0)
            }
        }
    }

    private enum Work {
        /// The compactions up to this number are asked for.
        case everything(upTo: Int)
        case stop
    }

    /// - Returns: how long to pause.
    private func compact(everything: Bool, upTo wanted: Int) -> Int {
        var failure: String?
        do {
            while true {
                let begun = processorMicroseconds()
                let rows = try log.compactNext(everything: everything, isStopped: isStopped)
                if rows == 0 { break }
                publication.publish()
                let taken = processorMicroseconds() - begun
                progress.monitor.change { counters in
                    counters.archiving.archives += 1
                    counters.archiving.messages += rows
                    counters.archiving.processorMicroseconds += taken
                }
            }
        } catch .closed {
            // Given up; what was there before is there still.
        } catch {
            failure = "\(error)"
        }
        progress.monitor.change { counters in
            counters.compactionFailure = failure
            if everything, !counters.closing { counters.compactionsDone = wanted }
        }
        return failure == nil ? Self.pauseMilliseconds : Self.patienceMilliseconds
    }

    private var isStopped: @Sendable () -> Bool {
        { [progress] in progress.counters.closing }
    }
}
