import Foundation
import Model
import Query
import Server
import Synchronization

@testable import Engine

/// An engine in memory that makes the server's life hard: appends become durable in bursts and are
/// reported in random order, and questions about the user `slow` take a while.
final class FakeEngine: RequestHandler {
    private struct Waiting {
        var sequence: Int64
        var done: @Sendable (Reply) -> Void
    }
    private struct State {
        var received: Int64 = 0
        var waiting: [Waiting] = []
        var isStopped = false
        var random = SystemRandomNumberGenerator()
    }
    private let state = Mutex(State())
    /// Messages that are durable.
    let durable = Atomic<Int64>(0)
    /// Questions answered.
    let answered = Atomic<Int>(0)
    private let burst: Duration

    /// - Parameter burst: how long appends gather before they become durable.
    init(burst: Duration = .milliseconds(2)) {
        self.burst = burst
        Thread.detachNewThread { [self] in
            while !state.withLock({ $0.isStopped }) {
                Thread.sleep(forTimeInterval: burst / .seconds(1))
                sync()
            }
        }
    }

    func stop() { state.withLock { $0.isStopped = true } }

    private func sync() {
        let batch = state.withLock { state in
            let batch = state.waiting.shuffled(using: &state.random)
            state.waiting = []
            durable.store(state.received, ordering: .sequentiallyConsistent)
            return batch
        }
        for waiting in batch { waiting.done(.integer(waiting.sequence)) }
        watchers.reached(UInt64(durable.load(ordering: .sequentiallyConsistent)))
    }

    func append(_ envelope: [UInt8], _ done: @escaping @Sendable (Reply) -> Void) {
        state.withLock { state in
            state.received += 1
            state.waiting.append(Waiting(sequence: state.received, done: done))
        }
    }

    func isCostly(_ request: Request) -> Bool {
        if case .checkpoint = request { return true }
        guard case .question(.count(let selection), _) = request else { return false }
        return selection.filter.any.contains { $0.patterns == [.name(Array("slow".utf8))] }
    }

    let watchers = Watchers()

    func answer(_ request: Request, stop: StopFlag?) -> Reply {
        answered.add(1, ordering: .relaxed)
        if isCostly(request) { Thread.sleep(forTimeInterval: 0.003) }
        guard case .question(let question, _) = request else { return .ok }
        switch question {
        case .count: return .integer(durable.load(ordering: .sequentiallyConsistent))
        // A ranking of the asked length, of names of a kilobyte.
        case .top(let top):
            let name = [UInt8](repeating: 120, count: 1_024)
            return .ranking((0..<(top.limit ?? 100_000)).map { (name, Int64($0)) })
        case .series: return .pairs([(3_600, 1), (7_200, 2)])
        case .messages: return .array([.null, .array([])])
        // One message a page, the sequence in place of its envelope.
        case .read(let read):
            let next = Int64(read.from ?? 1)
            guard next <= durable.load(ordering: .sequentiallyConsistent) else {
                return .array([.integer(next), .array([])])
            }
            let row = Reply.array([.integer(next), .text("\(next)")])
            return .array([.integer(next + 1), .array([row])])
        default: return .null
        }
    }

    func info() -> [(section: String, lines: [(String, String)])] {
        [
            (
                "Engine",
                [("sequence", "\(durable.load(ordering: .relaxed))"), ("feeds_connected", "0")]
            )
        ]
    }
}
