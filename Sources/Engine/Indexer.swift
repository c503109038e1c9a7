import MessageLog
import Model
import Rollup

/// The index thread: packs new rows into runs, merges small runs into larger ones, folds them into
/// LMDB by volume, and writes the columns of segments that are full.
final class Indexer: Sendable {
    private let log: MessageLog
    private let publication: Publication
    private let store: RollupStore
    private let head: Head
    private let names: NameTable
    private let progress: Progress

    /// Fewer rows than this are left to be scanned, until the log has been idle for a moment.
    private static let runRowsMin: UInt64 = 1_024
    /// A run is packed of at most so many rows at a time.
    private static let runRowsMax: UInt64 = 65_536
    private static let idleMilliseconds = 50

    init(
        log: MessageLog, publication: Publication, store: RollupStore, head: Head,
        names: NameTable, progress: Progress
    ) {
        self.log = log
        self.publication = publication
        self.store = store
        self.head = head
        self.names = names
        self.progress = progress
    }

    private enum Work {
        case pack(upTo: UInt64)
        case checkpoint
        case stop
    }

    /// The thread's body: returns when the engine closes; what is left then is folded by `close`.
    func run() {
        var idleSince = 0
        while true {
            sealFull()
            switch nextWork(idleRounds: &idleSince) {
            case .pack(let end)?:
                guard pack(upTo: end) else {
                    _ = progress.monitor.wait(milliseconds: 1_000) { $0.closing ? true : nil }
                    continue
                }
                mergeTiers()
                if messagesInRuns >= Limits.checkpointMessages { checkpoint() }
            case .checkpoint?:
                checkpoint()
            case .stop?:
                return
            case nil:
                continue
            }
        }
    }

    /// Writes the columns of segments that are full. What fails stays in memory and is tried again.
    private func sealFull() {
        guard log.unsealedSegments > 0 else { return }
        do {
            while try log.sealNext() { publication.publish() }
            progress.monitor.change { $0.sealingFailure = nil }
        } catch {
            // Appends wait once too many segments do.
            progress.monitor.change { $0.sealingFailure = "\(error)" }
            _ = progress.monitor.wait(milliseconds: 200) { $0.closing ? true : nil }
        }
    }

    /// Folds everything that is visible now. For opening and closing, when no thread runs.
    func foldAll() {
        packAll()
        checkpoint()
    }

    /// Packs all rows into runs, and folds them as soon as they are many. For opening.
    func packAll() {
        let end = head.current.end
        while head.current.folded < end {
            guard pack(upTo: end) else { return }
            if messagesInRuns >= Limits.checkpointMessages { checkpoint() }
        }
    }

    private var messagesInRuns: Int { head.current.runs.reduce(0) { $0 + $1.messages } }

    /// Waits for enough new rows, for a moment's idleness with some, or for a wanted checkpoint.
    private func nextWork(idleRounds: inout Int) -> Work? {
        let folded = head.current.folded
        let work = progress.monitor.wait(milliseconds: Self.idleMilliseconds) {
            counters -> Work? in
            // First: whoever wants a checkpoint has been told, and one that fails has no end.
            if counters.closing { return .stop }
            if counters.wantedWatermark > counters.watermark {
                return folded < counters.wantedWatermark
                    ? .pack(upTo: counters.end) : .checkpoint
            }
            // The head is shown before its end is told here, so what is folded may be ahead of it.
            return counters.end >= folded + Self.runRowsMin ? .pack(upTo: counters.end) : nil
        }
        if let work {
            idleRounds = 0
            return work
        }
        idleRounds += 1
        let now = head.current
        if now.end > now.folded { return .pack(upTo: now.end) }
        let patience = Limits.checkpointIdleSeconds * 1_000 / Self.idleMilliseconds
        if idleRounds >= patience && !now.runs.isEmpty {
            idleRounds = 0
            return .checkpoint
        }
        return nil
    }

    /// - Returns: false where the columns are damaged; what needs them is refused then.
    private func pack(upTo end: UInt64) -> Bool {
        let state = head.current
        guard state.folded < end else { return true }
        let last = min(end, state.folded + Self.runRowsMax, state.end)
        let known = log.notes.count
        let rows: RollupRows
        do {
            rows = try RowReader.rows(state.folded + 1...last, of: state.segments)
            try log.notes.checkUnchanged(since: known)
        } catch {
            progress.monitor.change { $0.checkpointFailure = "\(error)" }
            return false
        }
        head.add(Run.build(rows))
        return true
    }

    private func mergeTiers() {
        while true {
            let runs = head.current.runs
            let due = RunTiers.due(runs.map { UInt64($0.messages) })
            if due == 0 { return }
            head.replace(with: Run.merge(runs.suffix(due)))
        }
    }

    private func checkpoint() {
        let runs = head.current.runs
        guard let last = runs.last else { return }
        do {
            try store.checkpoint(
                runs, names: names,
                minutesFrom: log.snapshot.minutesFrom(upTo: last.sequences.upperBound))
            head.drop(upTo: last.sequences.upperBound)
            progress.checkpointed(last.sequences.upperBound)
        } catch {
            // The log has everything and the runs stay: only the fold is put off.
            progress.monitor.change { $0.checkpointFailure = "\(error)" }
            _ = progress.monitor.wait(milliseconds: 1_000) { $0.closing ? true : nil }
        }
    }
}
