import MessageLog
import Model

/// What became of an appended batch, record by record; the durable ones are durable.
package typealias AppendResult = Result<[AppendOutcome], EngineError>

extension AppendOutcome {
    /// Where the message stands in the log: its own place, or that of the one it repeats.
    package var sequence: UInt64 {
        switch self {
        case .appended(let sequence): sequence
        case .duplicate(let earlier): earlier
        }
    }
}

/// A batch that waits for the log thread.
struct PendingAppend: Sendable {
    var batch: RecordBatch
    /// Kept and tried again while the disk is full, instead of failing.
    var waitsForSpace: Bool
    /// The journal ends behind it.
    var rolls = false
    /// The store's own records, which nobody sent and no account counts.
    var isControl = false
    var completion: @Sendable (AppendResult) -> Void
}

/// The line in front of the log thread, bounded by bytes.
final class AppendQueue: Sendable {
    private struct State {
        var waiting: [PendingAppend] = []
        var bytes = 0
        var closed = false
    }

    private let monitor = Monitor(State())

    /// Adds a batch to the line; waits while the line is full and `mayWait`.
    /// - Returns: false if the queue has been closed; the batch is not taken then.
    func add(_ pending: PendingAppend, mayWait: Bool) -> Bool {
        if mayWait {
            _ = monitor.wait { state in
                state.closed || state.bytes < Limits.queuedBytesMax ? true : nil
            }
        }
        return monitor.change { state in
            guard !state.closed else { return false }
            state.bytes += pending.batch.bytes.count
            state.waiting.append(pending)
            return true
        }
    }

    /// Adds the store's own records, and waits until they are durable.
    /// - Parameter rolls: the journal ends behind them.
    func append(control batch: RecordBatch, rolls: Bool = false) throws(EngineError) {
        let outcome = Monitor<AppendResult?>(nil)
        let isTaken = add(
            PendingAppend(batch: batch, waitsForSpace: false, rolls: rolls, isControl: true) {
                result in outcome.change { $0 = result }
            }, mayWait: true)
        guard isTaken else { throw .closed }
        _ = try outcome.wait { $0 }?.get()
    }

    /// Takes everything that waits, up to about `Limits.batchBytesMax`, waiting for something.
    /// - Returns: nil once the queue is closed and empty.
    func take() -> [PendingAppend]? {
        monitor.wait { state -> [PendingAppend]?? in
            if state.waiting.isEmpty { return state.closed ? .some(nil) : nil }
            var bytes = 0
            var taken = 0
            while taken < state.waiting.count {
                bytes += state.waiting[taken].batch.bytes.count
                if taken > 0 && bytes > Limits.batchBytesMax { break }
                taken += 1
            }
            let batches = Array(state.waiting.prefix(taken))
            state.waiting.removeFirst(taken)
            return batches
        } ?? nil
    }

    /// Reports taken batches as dealt with, which makes room for others.
    func finished(_ batches: [PendingAppend]) {
        monitor.change { state in
            for pending in batches { state.bytes -= pending.batch.bytes.count }
        }
    }

    /// Refuses further batches; what waits is still taken.
    func close() { monitor.change { $0.closed = true } }

    /// Whether one of the store's own records is among these, or waits behind them.
    func hasControl(besides taken: [PendingAppend]) -> Bool {
        taken.contains(where: \.isControl)
            || monitor.withLock { $0.waiting.contains(where: \.isControl) }
    }

    var isClosed: Bool { monitor.withLock { $0.closed } }
}
