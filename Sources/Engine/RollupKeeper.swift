import MessageLog
import Model
import Rollup

/// Puts new LMDB files in the place of the rollups that are served: copied in key order, or
/// computed from the log. Questions, appends and checkpoints go on; one replacement at a time.
final class RollupKeeper: Sendable {
    let places: RollupPlaces
    private let log: MessageLog
    private let store: RollupStore
    private let head: Head
    private let progress: Progress

    /// So often the new rollups catch up before checkpoints have to wait for them to do so.
    private static let roundsMax = 4

    init(
        places: RollupPlaces, log: MessageLog, store: RollupStore, head: Head, progress: Progress
    ) {
        self.places = places
        self.log = log
        self.store = store
        self.head = head
        self.progress = progress
    }

    /// Copies the rollups in key order, which leaves no free pages and no half-filled ones.
    func rewrite() throws(EngineError) {
        try replace { () throws(RollupError) in
            try store.compact(to: places.next, isStopped: { progress.counters.closing })
        }
        progress.monitor.change { $0.rewrites += 1 }
    }

    /// Does so if it pays. What fails is tried again at the schedule's next time.
    func rewriteIfDue(_ schedule: inout RewriteSchedule) throws(EngineError) {
        let file: FileUse
        do { file = try store.fileUse() } catch { throw .rollup(error) }
        guard schedule.isDue(file) else { return }
        do {
            try rewrite()
            schedule.note(failed: false)
            progress.monitor.change { $0.rewriteFailure = nil }
        } catch .closed {
            throw .closed
        } catch {
            schedule.note(failed: true)
            progress.monitor.change { $0.rewriteFailure = "\(error)" }
        }
    }

    /// Computes the rollups from the columns of the whole log, in the place of those that are
    /// there, whatever these hold.
    func rebuild() throws(EngineError) {
        try replace { () throws(RollupError) in true }
        // What made checkpoints fail is gone.
        progress.monitor.change { $0.checkpointFailure = nil }
    }

    /// All rollups of the log up to where those that are served go, computed anew beside them.
    /// - Parameters:
    ///   - advanced: is told, now and then, of how many more records.
    ///   - body: is given them; they are removed behind it.
    func recompute<Result>(
        advanced: (Int) -> Void, _ body: (RollupStore) throws(RollupError) -> Result
    ) throws(EngineError) -> Result {
        try places.make(places.verified)
        let again = try open(places.verified)
        try catchUp(again, with: store.watermark, advanced)
        let result: Result
        do { result = try body(again) } catch { throw .rollup(error) }
        try places.discard(places.verified)
        return result
    }

    /// - Parameter begin: puts into the new directory what is not computed; false to give up.
    private func replace(_ begin: () throws(RollupError) -> Bool) throws(EngineError) {
        try places.make(places.next)
        do throws(EngineError) {
            let isGoingOn: Bool
            do { isGoingOn = try begin() } catch { throw EngineError.rollup(error) }
            guard isGoingOn else { throw .closed }
            let next = try open(places.next)
            for _ in 0..<Self.roundsMax where next.watermark < store.watermark {
                try catchUp(next, with: store.watermark)
            }
            try synchronize(next)
            try store.replace(by: next) { (watermark) throws(EngineError) in
                try catchUp(next, with: watermark)
                guard next.names.agrees(with: store.names) else { throw .namesDiffer }
                try synchronize(next)
                try places.exchange()
            }
        } catch {
            // The first failure is the one to be told.
            try? places.discard(places.next)
            throw error
        }
        try places.finishExchange()
    }

    private func open(_ directory: String) throws(EngineError) -> RollupStore {
        do {
            return try RollupStore.open(
                directory: directory, mapBytes: store.mapBytesMax, logID: store.logID)
        } catch { throw .rollup(error) }
    }

    private func synchronize(_ next: RollupStore) throws(EngineError) {
        do { try next.synchronize() } catch { throw .rollup(error) }
    }

    /// Folds into `next`, from the log's columns, what it lacks up to the sequence `end`. The names
    /// get their ids anew, in log order.
    private func catchUp(
        _ next: RollupStore, with end: UInt64, _ advanced: (Int) -> Void = { _ in }
    ) throws(EngineError) {
        guard next.watermark < end else { return }
        let known = log.notes.count
        let behind = head.current.segments.filter { $0.lastSequence > next.watermark }
        let views = try behind.map { view throws(EngineError) in
            let map = SegmentNameMap(next.names)
            try map.intern(view.segment.columns)
            return SegmentView(view.segment, map)
        }
        while next.watermark < end {
            if progress.counters.closing { throw .closed }
            let first = next.watermark + 1
            let last = min(end, first + UInt64(Limits.checkpointMessages) - 1)
            let rows = try RowReader.rows(first...last, of: views)
            do { try log.notes.checkUnchanged(since: known) } catch { throw .log(error) }
            do {
                try next.checkpoint(
                    [Run.build(rows)], names: next.names,
                    minutesFrom: log.snapshot.minutesFrom(upTo: last))
            } catch { throw .rollup(error) }
            advanced(Int(last - first + 1))
        }
    }
}
