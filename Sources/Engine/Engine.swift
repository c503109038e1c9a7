import Disk
import MessageLog
import Model
import Rollup

/// The engine: the only room where the log and the rollups meet.
///
/// Messages go in through the log thread; the index thread packs and folds them; readers take a
/// `Snapshot`. Opening replays what LMDB does not cover; closing folds everything.
package final class Engine: Sendable {
    package let directory: String
    /// Held as long as the engine lives.
    private let lock: DirectoryLock
    let log: MessageLog
    let store: RollupStore
    package let names: NameTable
    private let head: Head
    let queue = AppendQueue()
    package let progress = Progress()
    package let accounting = Accounting()
    package let watchers = Watchers()
    /// What feeds have heard and missed.
    package let feeds: FeedLedger
    package let rules: RuleBook
    private let appender: Appender
    private let indexer: Indexer
    let compactor: Compactor
    let keeper: RollupKeeper
    private let threads: [WorkerThread]
    private let closed = Monitor(false)

    package struct Options: Sendable {
        package var log: LogOptions
        package var indexMapBytes = Limits.indexMapBytesMax
        package var rewriteFileBytesMin = Limits.rewriteFileBytesMin
        package var rules = RulePace()
        /// Where the log is kept. The rollups and the lock are always on the real file system.
        package var disk: any Disk = PosixDisk()
        /// What time it is, for the age of payloads.
        package var clock: @Sendable () -> Timestamp = { WallClock.now }

        /// What is damaged does not keep the rest from being read; nothing is appended.
        package mutating func servesDamaged() {
            log.servesDamaged = true
            log.readOnly = true
        }

        package init() {
            log = LogOptions(sealsWhileAppending: false) { UInt64.random(in: .min ... .max) }
        }
    }

    /// Opens the store in `directory`, making it if it is absent or empty, and starts its threads.
    package init(directory: String, options: Options = Options()) throws(EngineError) {
        self.directory = directory
        let disk = options.disk
        do throws(DiskError) {
            try PosixDisk().makeDirectory(directory)
            try disk.makeDirectory(directory)
            // A new store's own name must survive a power cut too.
            if try !disk.list(directory).contains("log") {
                try disk.synchronizeDirectory(Self.parent(of: directory))
            }
        } catch { throw .directory(error) }
        lock = try Self.claim(directory)
        let places = RollupPlaces(store: directory)
        try places.settle()
        try LostLog.refuse(
            disk, log: directory + "/log", places, mapBytes: options.indexMapBytes)
        do {
            log = try MessageLog.open(disk, directory: directory + "/log", options: options.log)
        } catch { throw .log(error) }
        store = try Self.openRollups(places, log.logID, options)
        names = store.names
        let watermark = store.watermark
        guard watermark <= log.snapshot.end else {
            throw .logLost(watermark: watermark, end: log.snapshot.end)
        }
        head = Head(HeadState(folded: watermark))
        feeds = FeedLedger(log.snapshot, queue: queue, clock: options.clock)
        rules = try RuleBook(
            log.snapshot, store: directory, logID: log.logID, isReadOnly: log.isReadOnly,
            queue: queue, clock: options.clock)
        let publication = Publication(
            log: log, names: names, named: watermark, head: head, progress: progress,
            watchers: watchers)
        appender = Appender(
            log: log, queue: queue, publication: publication, progress: progress,
            accounting: accounting)
        indexer = Indexer(
            log: log, publication: publication, store: store, head: head, names: names,
            progress: progress)
        progress.opened(at: watermark)
        let known = log.notes.count
        publication.publish()
        // Names that cannot be read would go into the rollups, and into answers, as they are not.
        if !options.log.servesDamaged {
            do { try log.notes.checkUnchanged(since: known) } catch { throw .log(error) }
        }
        indexer.packAll()
        keeper = RollupKeeper(
            places: places, log: log, store: store, head: head, progress: progress)
        compactor = Compactor(
            log: log, queue: queue, publication: publication, progress: progress, keeper: keeper,
            rewriteFileBytesMin: options.rewriteFileBytesMin, clock: options.clock)
        let follower = RuleFollower(
            book: rules, head: head, log: log, progress: progress,
            names: names, pace: options.rules, clock: options.clock)
        threads = [
            WorkerThread(name: "tallylog-log", appender.run),
            WorkerThread(name: "tallylog-index", indexer.run),
            WorkerThread(name: "tallylog-pack", compactor.run),
            // What is damaged and served all the same is not counted: nothing is written then.
            WorkerThread(
                name: "tallylog-rules", { [log] in if !log.isReadOnly { follower.run() } }),
        ]
    }

    /// The directory in which `path` has its name.
    private static func parent(of path: String) -> String {
        let parts = path.split(separator: "/")
        if parts.count < 2 { return path.hasPrefix("/") ? "/" : "." }
        return (path.hasPrefix("/") ? "/" : "") + parts.dropLast().joined(separator: "/")
    }

    /// The rollups, or new ones where they are missing, of another log or of another version: they
    /// are a function of the log, so nothing is lost by making them again.
    private static func openRollups(
        _ places: RollupPlaces, _ logID: LogID?, _ options: Options
    ) throws(EngineError) -> RollupStore {
        precondition(
            logID != nil || options.log.readOnly, "a log opened for writing has an id")
        let open = { () throws(RollupError) in
            try RollupStore.open(
                directory: places.served, mapBytes: options.indexMapBytes, logID: logID?.bytes)
        }
        do throws(RollupError) {
            return try open()
        } catch {
            guard case .needsRebuild = error, !options.log.servesDamaged else {
                throw .rollup(error)
            }
        }
        try places.drop()
        do { return try open() } catch { throw .rollup(error) }
    }

    /// Appends records. `completion` is called once, on the log thread, when they are durable and
    /// visible, or refused.
    /// - Parameters:
    ///   - mayWait: wait here while too much is queued; for feeds, never for an event loop.
    ///   - waitsForSpace: on a full disk, keep the batch and try again.
    package func append(
        _ batch: RecordBatch, mayWait: Bool = true, waitsForSpace: Bool = false,
        completion: @escaping @Sendable (AppendResult) -> Void
    ) {
        if batch.isEmpty { return completion(.success([])) }
        let pending = PendingAppend(
            batch: batch, waitsForSpace: waitsForSpace, completion: completion)
        accounting.queue(batch.count)
        if !queue.add(pending, mayWait: mayWait) {
            accounting.refuse(batch.count, "closed")
            completion(.failure(appender.failed ?? .closed))
        }
    }

    /// Calls `body` with one consistent moment of the store. No `await` inside. What `body` made of
    /// damaged columns is not returned.
    /// - Parameter stop: gives the reading up, where `body` asks for it.
    package func read<Result, Failure: Error>(
        stop: StopFlag? = nil, _ body: (borrowing Snapshot) throws(Failure) -> Result
    ) throws -> Result {
        var tries = 0
        while true {
            let known = log.notes.count
            let state = head.current
            let reader: RollupReader
            do { reader = try store.beginRead() } catch { throw EngineError.rollup(error) }
            // LMDB may have moved past the head that was loaded first: then load that again.
            if reader.watermark > state.end { continue }
            let result = try body(Snapshot(state, names: names, reader: reader, stop: stop))
            do {
                try log.notes.checkUnchanged(since: known)
                return result
            } catch {
                // Perhaps it was another reader who came upon it: once more tells.
                tries += 1
                if tries == Self.triesMax { throw EngineError.log(error) }
            }
        }
    }

    private static let triesMax = 3

    /// Folds everything that is visible now into LMDB, and returns its watermark.
    package func checkpoint() throws(EngineError) -> UInt64 {
        let end = head.current.end
        progress.monitor.change { $0.wantedWatermark = max($0.wantedWatermark, end) }
        let failure = progress.monitor.wait { counters -> String?? in
            if counters.watermark >= end { return .some(nil) }
            if counters.closing { return "the engine is closing" }
            return counters.checkpointFailure.map { .some($0) }
        }
        if let failure, let failure { throw .checkpoint(failure) }
        return progress.counters.watermark
    }

    /// Why appending has stopped for good, if it has: a failed flush, damage.
    package var failure: EngineError? { appender.failed }

    /// Whether nothing can be appended.
    package var isReadOnly: Bool { log.isReadOnly }

    /// What could not be opened, where the store is served all the same.
    package var damage: [String] { log.recovery.damage.map { "\($0)" } }

    /// What recovery found and did when the store was opened.
    package var recovery: RecoveryReport { log.recovery }

    /// Takes what waits, folds it and writes the columns. Idempotent. The directory is let go with
    /// the last reference to the engine.
    package func close() throws(EngineError) {
        guard
            closed.withLock({ closed in
                defer { closed = true }
                return !closed
            })
        else { return }
        queue.close()
        threads[0].join()
        watchers.end()
        progress.monitor.change { $0.closing = true }
        threads[1].join()
        threads[2].join()
        threads[3].join()
        progress.monitor.change {
            $0.hasStoppedCompacting = true
            // Those that nobody has taken hold what holds them, and the store with it.
            $0.jobs = []
        }
        indexer.foldAll()
        if let failed = appender.failed { throw failed }
        do { try log.close() } catch { throw .log(error) }
    }
}

extension LogID {
    /// The id as the rollups keep it.
    fileprivate var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(integer: high)
        bytes.append(integer: low)
        return bytes
    }
}
