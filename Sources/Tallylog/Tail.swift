import Engine
import Model
import Query

/// A message as the log has it.
public struct LoggedMessage: Sendable, Hashable {
    /// Its place in the log: 1, 2, 3 ... without a gap. `from` the next one goes on behind it.
    public let sequence: UInt64
    /// The JSON text that came in; empty where damage has destroyed it.
    public let envelope: String
}

/// The log as it grows: see `Store.tail`.
///
/// Messages are read a page at a time; while there are none, a task that awaits the next takes no
/// thread. A task that is cancelled gets nil. Each iterator begins anew.
public struct Tail: AsyncSequence, Sendable {
    private let store: Store
    private let question: ReadQuestion

    init(_ store: Store, from: UInt64?, _ filter: Filter) {
        self.store = store
        let first = from ?? store.engine.progress.counters.end + 1
        question = ReadQuestion(from: Swift.max(first, 1), filter: filter, limit: Self.pageRows)
    }

    /// Small, for a slow reader holds a page in memory.
    private static let pageRows = 256

    public func makeAsyncIterator() -> Iterator { Iterator(store, question) }

    public struct Iterator: AsyncIteratorProtocol {
        private let store: Store
        private var question: ReadQuestion
        /// Messages that were read and not yet given, the next one last.
        private var page: [LoggedMessage] = []

        init(_ store: Store, _ question: ReadQuestion) {
            self.store = store
            self.question = question
        }

        /// The next matching message, as soon as there is one.
        /// - Throws: `StoreError` where the log cannot be read.
        public mutating func next() async throws -> LoggedMessage? {
            while page.isEmpty {
                if Task.isCancelled { return nil }
                // Asked before the page is: what came until then is in it.
                let haveEnded = store.engine.watchers.haveEnded
                let next = try readPage()
                if !page.isEmpty { break }
                if haveEnded { return nil }
                await Self.messages(after: next - 1, of: store.engine.watchers)
            }
            return page.popLast()
        }

        /// Reads the page, and returns where the one behind it begins.
        private mutating func readPage() throws -> UInt64 {
            guard case .array(let parts) = try store.ask(.read(question)),
                case .integer(let next) = parts[0],
                case .messages(let found) = parts[1]
            else { preconditionFailure("READ replies with the next sequence and rows") }
            page = found.rows.reversed().map { row in
                LoggedMessage(
                    sequence: row.sequence,
                    envelope: String(decoding: found.envelope(row) ?? [], as: UTF8.self))
            }
            question.from = UInt64(next)
            return UInt64(next)
        }

        /// Returns once there are messages behind `sequence`, none will come, or the task is
        /// cancelled: a stream that ends then is all that is needed.
        private static func messages(after sequence: UInt64, of watchers: Watchers) async {
            let (ticks, waiting) = AsyncStream.makeStream(of: Void.self)
            let watch = watchers.add(after: sequence) { waiting.finish() }
            for await _ in ticks {}
            watchers.remove(watch)
        }
    }
}
