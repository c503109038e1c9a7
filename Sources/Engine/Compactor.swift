import MessageLog
import Model

/// The archive thread: makes archives of full journals, merges neighbours and rewrites LMDB's file,
/// a step at a time, and gives way to the other threads. All that removes files of the log, or must
/// not see them removed, runs here, and all that replaces the rollups; one thing at a time.
final class Compactor: Sendable {
    private let log: MessageLog
    private let queue: AppendQueue
    private let publication: Publication
    private let progress: Progress
    private let clock: @Sendable () -> Timestamp
    private let keeper: RollupKeeper
    private let rewriteFileBytesMin: Int
    private static let pauseMilliseconds = 250
    /// After a failure, such as a full disk.
    private static let patienceMilliseconds = 2_000

    init(
        log: MessageLog, queue: AppendQueue, publication: Publication, progress: Progress,
        keeper: RollupKeeper, rewriteFileBytesMin: Int, clock: @escaping @Sendable () -> Timestamp
    ) {
        self.keeper = keeper
        self.rewriteFileBytesMin = rewriteFileBytesMin
        self.log = log
        self.queue = queue
        self.publication = publication
        self.progress = progress
        self.clock = clock
    }

    private enum Work {
        case job(@Sendable () -> Void)
        case stop
    }

    /// The thread's body: returns when the engine closes, giving up what is under way.
    func run() {
        yieldToOthers()
        var pause = Self.pauseMilliseconds
        var schedule = RewriteSchedule(fileBytesMin: rewriteFileBytesMin)
        while true {
            let work = progress.monitor.wait(milliseconds: pause) { counters -> Work? in
                if counters.closing { return .stop }
                return counters.jobs.isEmpty ? nil : .job(counters.jobs.removeFirst())
            }
            switch work {
            case .stop?: return
            case .job(let job)?: job()
            case nil where log.isReadOnly: break
            case nil:
                do {
                    try compact(everything: false)
                    try keeper.rewriteIfDue(&schedule)
                    pause = Self.pauseMilliseconds
                } catch {
                    pause = Self.patienceMilliseconds
                }
            }
        }
    }

    /// Has `body` run on the thread, and waits for its result.
    /// - Throws: what `body` throws; `.closed` if the engine closes before.
    func perform<Result: Sendable>(
        _ body: @escaping @Sendable () throws(EngineError) -> Result
    ) throws(EngineError) -> Result {
        let outcome = Monitor<Swift.Result<Result, EngineError>?>(nil)
        let isTaken = progress.monitor.change { counters in
            if counters.closing { return false }
            counters.jobs.append {
                let result = Swift.Result { () throws(EngineError) in try body() }
                outcome.change { $0 = result }
            }
            return true
        }
        guard isTaken else { throw .closed }
        while true {
            if let result = outcome.wait(milliseconds: 200, until: { $0 }) {
                return try result.get()
            }
            // A job that nobody has taken when the thread ends is never taken.
            if progress.counters.hasStoppedCompacting { throw .closed }
        }
    }

    /// Drops what retention no longer keeps: first a durable horizon, then the payloads behind it.
    /// - Returns: whether there was anything to drop.
    private func dropPayloads() throws(EngineError) -> Bool {
        let now = clock()
        if let horizon = log.dueHorizon(now: now) {
            try queue.append(control: horizon.record(at: now))
        }
        var hasDropped = false
        do {
            while try log.dropNext() {
                publication.publish()
                hasDropped = true
            }
        } catch {
            throw .log(error)
        }
        return hasDropped
    }

    /// Says in the log up to when minutes are no longer kept; the checkpoint that covers the record
    /// drops their rows.
    private func dropMinutes() throws(EngineError) {
        let now = clock()
        guard let horizon = log.dueMinutesHorizon(now: now) else { return }
        try queue.append(control: horizon.record(at: now))
    }

    /// Makes archives and merges until nothing more is worth it, or, unless all is wanted, until
    /// somebody waits for the thread.
    /// - Returns: false if somebody does.
    private func archive(everything: Bool) throws(EngineError) -> Bool {
        do {
            while true {
                let begun = processorMicroseconds()
                let rows = try log.compactNext(everything: everything, isStopped: isStopped)
                if rows == 0 { return true }
                publication.publish()
                let taken = processorMicroseconds() - begun
                let isWanted = progress.monitor.change { counters in
                    counters.archiving.archives += 1
                    counters.archiving.messages += rows
                    counters.archiving.processorMicroseconds += taken
                    return !counters.jobs.isEmpty
                }
                if isWanted && !everything { return false }
            }
        } catch {
            throw .log(error)
        }
    }

    /// All that makes the log smaller, until nothing more is worth it.
    func compact(everything: Bool) throws(EngineError) {
        do {
            var hasDropped = true
            while hasDropped {
                // What is kept by its bytes is counted once it is small. A disk that is too full
                // for archives gets room by what goes.
                let archived = Result { () throws(EngineError) in
                    try archive(everything: everything)
                }
                // Journals that are not archived yet would count with all their bytes.
                if case .success(false) = archived { break }
                hasDropped = try dropPayloads()
                _ = try archived.get()
            }
            try dropMinutes()
            progress.monitor.change { $0.compactionFailure = nil }
        } catch {
            // Given up; what was there before is there still.
            if case .closed = error { throw error }
            if case .log(.closed) = error { throw .closed }
            progress.monitor.change { $0.compactionFailure = "\(error)" }
            throw .compaction("\(error)")
        }
    }

    private var isStopped: @Sendable () -> Bool {
        { [progress] in progress.counters.closing }
    }
}
