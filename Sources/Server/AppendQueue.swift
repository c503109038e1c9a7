import NIOCore
import Query
import Synchronization

/// The appends of one connection that are under way: their replies leave in the order of the
/// requests, whichever is durable first. Lives on the connection's event loop.
struct AppendQueue {
    /// The replies that have come, in the order of the requests; nil: not yet.
    private var replies = CircularBuffer<(bytes: Int, reply: Reply?)>()
    /// The ticket of the first.
    private var first = 0
    /// The bytes of the envelopes under way.
    private(set) var bytes = 0

    var count: Int { replies.count }
    var isEmpty: Bool { replies.isEmpty }

    /// A place for one more. - Returns: its ticket.
    mutating func add(bytes: Int) -> Int {
        replies.append((bytes, nil))
        self.bytes += bytes
        return first + replies.count - 1
    }

    mutating func finish(_ ticket: Int, _ reply: Reply) {
        let place = replies.index(replies.startIndex, offsetBy: ticket - first)
        precondition(replies[place].reply == nil, "an append is answered exactly once")
        replies[place].reply = reply
    }

    /// The next reply in order, if it has come.
    mutating func takeFirst() -> Reply? {
        guard let next = replies.first, let reply = next.reply else { return nil }
        replies.removeFirst()
        first += 1
        bytes -= next.bytes
        return reply
    }
}

/// Carries replies to appends from the log's thread to the connection's event loop: however many
/// come at once, the loop is woken once.
final class FinishedAppends: Sendable {
    private struct State {
        var waiting: [(ticket: Int, reply: Reply)] = []
        /// Cleared when the connection has gone.
        var connection: NIOLoopBound<Connection>?
    }

    private let state: Mutex<State>
    private let loop: any EventLoop

    init(_ connection: Connection, _ loop: any EventLoop) {
        state = Mutex(State(connection: NIOLoopBound(connection, eventLoop: loop)))
        self.loop = loop
    }

    /// From any thread.
    func add(_ ticket: Int, _ reply: Reply) {
        let wakes = state.withLock { state in
            state.waiting.append((ticket, reply))
            return state.waiting.count == 1 && state.connection != nil
        }
        guard wakes else { return }
        loop.execute {
            let connection = self.state.withLock { $0.connection }
            connection?.value.appendsFinished()
        }
    }

    /// On the event loop.
    func take() -> [(ticket: Int, reply: Reply)] {
        state.withLock { state in
            let taken = state.waiting
            state.waiting.removeAll(keepingCapacity: false)
            return taken
        }
    }

    /// On the event loop: the connection has gone, nobody waits any more.
    func forget() { state.withLock { $0 = State() } }
}
