import MessageLog
import Model
import Synchronization

/// How far a gap has come. The names are the words of replies.
package enum GapState: String, Sendable {
    /// Nobody listens yet, so it has no end.
    case growing
    /// Nothing of it was fetched.
    case open
    /// A source has given some of it, or some sources have given all that they have.
    case partly
    /// All sources have given what they have.
    case filled
}

/// What feeds have heard and missed, kept in the log: notes are taken at once, and written in the
/// order in which they were taken, behind all messages that were handed over before.
package final class FeedLedger: Sendable {
    private let state: Mutex<FeedHistory>
    /// By feed, where its history is fetched from: configuration, which is not in the log.
    private let sources = Mutex<[String: [String]]>([:])
    private let queue: AppendQueue
    private let clock: @Sendable () -> Timestamp

    init(_ log: LogSnapshot, queue: AppendQueue, clock: @escaping @Sendable () -> Timestamp) {
        state = Mutex(FeedHistory(log))
        self.queue = queue
        self.clock = clock
    }

    package var history: FeedHistory { state.withLock { $0 } }

    /// The names of a feed's sources of history.
    package func sources(of feed: String) -> [String] {
        sources.withLock { $0[feed] ?? [] }
    }

    package func setSources(_ names: [String], of feed: String) {
        sources.withLock { $0[feed] = names }
    }

    /// How far a gap has come. Where sources are not known, any that has filled it is enough.
    package func state(of gap: Gap) -> GapState {
        guard gap.to != nil else { return .growing }
        let sources = sources(of: gap.feed)
        if gap.isFilled(by: sources.isEmpty ? Array(gap.filledBy) : sources) { return .filled }
        return gap.filledBy.isEmpty && gap.fetched.isEmpty ? .open : .partly
    }

    /// Takes a note, and writes it.
    package func note(_ note: FeedNote) {
        state.withLock { history in write(note, &history) }
    }

    /// Takes notes that depend on those before them.
    /// - Parameter decide: what to note, by what is known; may be called only once.
    package func note(deciding decide: (FeedHistory) -> [FeedNote]) {
        state.withLock { history in
            for note in decide(history) { write(note, &history) }
        }
    }

    /// A gap begins, and gets its number.
    @discardableResult
    package func begin(
        _ reason: Gap.Reason, of feed: String, from: Timestamp, to: Timestamp? = nil,
        detail: String = ""
    ) -> UInt64 {
        state.withLock { history in
            let number = history.nextNumber
            write(
                .gapBegan(
                    number: number, feed: feed, reason, from: from, to: to, detail: detail),
                &history)
            return number
        }
    }

    /// In memory and in the queue in one order, since both happen under the lock. On a full disk
    /// the note waits. A log that takes nothing more ends the process, and what was not noted
    /// before that is found by what was.
    private func write(_ note: FeedNote, _ history: inout FeedHistory) {
        history.take(note)
        var batch = RecordBatch()
        batch.append(control: Record.Kind.feed, at: clock(), payload: note.payload)
        _ = queue.add(
            PendingAppend(batch: batch, waitsForSpace: true, isControl: true) { _ in },
            mayWait: false)
    }
}
