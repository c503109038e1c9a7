// What could go wrong: a READ that waits misses the message that comes while it looks, holds up
// other clients, answers out of turn, waits on after its time, its client or its server has gone,
// or leaves its watch behind.
import Engine
import Glibc
import Query
import TestSupport
import Testing

@testable import Server

@Suite(.serialized) struct ReadingTests {
    private func page(_ next: Int64) -> Reply {
        let row = Reply.array([.integer(next - 1), .text("\(next - 1)")])
        return .array([.integer(next), .array([row])])
    }

    private func emptyPage(_ next: Int64) -> Reply { .array([.integer(next), .array([])]) }

    /// Waits until so many READs do. It keeps its thread: a task that is put off may be taken up
    /// again behind tests that take minutes, when the READs have come to their end.
    private func waitUntil(_ server: TestServer, watching count: Int) {
        for _ in 0..<2_000 where server.engine.watchers.count != count { usleep(5_000) }
        #expect(server.engine.watchers.count == count)
    }

    @Test func aWaitingReadIsAnsweredByTheNextMessageAndInItsTurn() async throws {
        try await TestServer.with { server in
            let reader = try RawClient(server.path)
            try reader.send("READ FROM 1 WAIT 60000\r\nPING\r\n")
            waitUntil(server, watching: 1)
            let writer = try RawClient(server.path)
            try writer.expect("APPEND {}", .integer(1))
            try reader.expect([page(2), .simple("PONG")])
            waitUntil(server, watching: 0)
        }
    }

    @Test func everyReaderThatFollowsGetsEveryMessageOnce() async throws {
        try await TestServer.with(burst: .milliseconds(1)) { server in
            let readers = try (0..<8).map { _ in try RawClient(server.path) }
            let writer = try RawClient(server.path)
            for number in 1...200 {
                for reader in readers { try reader.send("READ FROM \(number) WAIT 60000\r\n") }
                try writer.send("APPEND {}\r\n")
                for reader in readers { try reader.expect([page(Int64(number) + 1)]) }
            }
            waitUntil(server, watching: 0)
        }
    }

    @Test func theTimeEndsIt() async throws {
        try await TestServer.with { server in
            let reader = try RawClient(server.path)
            let start = ContinuousClock.now
            try reader.expect("READ FROM 1 WAIT 100", emptyPage(1))
            #expect(ContinuousClock.now - start >= .milliseconds(100))
            #expect(server.engine.watchers.count == 0)
            try reader.expect("PING", .simple("PONG"))
        }
    }

    /// More wait than there are workers, so a wait takes no thread.
    @Test func thoseWhoWaitHoldNobodyUpAndLeaveNothingBehind() async throws {
        try await TestServer.with { server in
            var readers = try (0..<100).map { _ in try RawClient(server.path) }
            for reader in readers { try reader.send("READ FROM 1 WAIT 60000\r\n") }
            waitUntil(server, watching: 100)
            let other = try RawClient(server.path)
            try other.expect("COUNT USER slow", .integer(0))
            readers.removeSubrange(0..<60)
            waitUntil(server, watching: 40)
            readers.removeAll()
            waitUntil(server, watching: 0)
        }
    }

    @Test func aServerThatStopsAnswersThem() async throws {
        let server = try await TestServer.start()
        let reader = try RawClient(server.path)
        try reader.send("READ FROM 1 WAIT 60000\r\n")
        waitUntil(server, watching: 1)
        try await server.stop()
        try reader.expect([emptyPage(1), nil])
        #expect(server.engine.watchers.count == 0)
    }
}
