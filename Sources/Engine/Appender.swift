import MessageLog
import Model
import Synchronization

/// The log thread: takes what waits, makes it durable, shows it to readers, acknowledges. In that
/// order, always.
final class Appender: Sendable {
    private let log: MessageLog
    private let queue: AppendQueue
    private let publication: Publication
    private let progress: Progress
    private let accounting: Accounting
    private let failure = Mutex<EngineError?>(nil)

    init(
        log: MessageLog, queue: AppendQueue, publication: Publication, progress: Progress,
        accounting: Accounting
    ) {
        self.log = log
        self.queue = queue
        self.publication = publication
        self.progress = progress
        self.accounting = accounting
    }

    /// Why appending has stopped for good, if it has.
    var failed: EngineError? { failure.withLock { $0 } }

    /// The thread's body: returns when the queue is closed and empty, or appending has failed.
    func run() {
        while let taken = queue.take() {
            // What the archive thread appends makes room, so it waits for none.
            progress.waitForRoom(orUntil: { queue.isClosed || queue.hasControl(besides: taken) })
            appendAll(taken)
            queue.finished(taken)
        }
    }

    private func appendAll(_ taken: [PendingAppend]) {
        if let failed {
            for pending in taken { refuse(pending, failed) }
            return
        }
        var waiting = taken
        while !waiting.isEmpty {
            var outcomes: [AppendOutcome] = []
            let failure = appendOnce(waiting, &outcomes)
            publication.publish()
            progress.note(diskIsFull: failure?.isFullDisk ?? false)
            waiting = complete(waiting, outcomes, failure)
            // Only batches that wait for space are left: the disk is full.
            if !waiting.isEmpty && !queue.isClosed { progress.pauseForSpace() }
            if !waiting.isEmpty && queue.isClosed {
                for pending in waiting { refuse(pending, failure ?? .closed) }
                return
            }
        }
    }

    private func appendOnce(
        _ waiting: [PendingAppend], _ outcomes: inout [AppendOutcome]
    ) -> EngineError? {
        do {
            try log.append(waiting.map(\.batch), outcomes: &outcomes)
            if waiting.contains(where: \.rolls) { try log.roll() }
            return nil
        } catch {
            let wrapped = EngineError.log(error)
            if wrapped.endsAppending { failure.withLock { $0 = wrapped } }
            return wrapped
        }
    }

    /// Acknowledges the batches whose records are all durable, fails those that do not wait for
    /// space, and returns the others.
    private func complete(
        _ waiting: [PendingAppend], _ outcomes: [AppendOutcome], _ failure: EngineError?
    ) -> [PendingAppend] {
        var left: [PendingAppend] = []
        var start = 0
        for pending in waiting {
            let end = start + pending.batch.count
            if end <= outcomes.count {
                if !pending.isControl { accounting.settle(outcomes[start..<end]) }
                pending.completion(.success(Array(outcomes[start..<end])))
            } else if pending.waitsForSpace, failed == nil {
                left.append(pending)
            } else {
                refuse(pending, failure ?? .closed)
            }
            start = end
        }
        return left
    }

    private func refuse(_ pending: PendingAppend, _ error: EngineError) {
        if !pending.isControl {
            accounting.refuse(pending.batch.count, error.isFullDisk ? "disk-full" : "log-failed")
        }
        pending.completion(.failure(error))
    }
}
