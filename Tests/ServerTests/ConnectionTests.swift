// What could go wrong: replies in another order than the requests, a question that overtakes an
// append before it, a client that does not read and fills our memory or holds up others, replies
// lost when a client closes its sending half, bytes past a limit taken in, or a server that stops
// in the middle of a request.
import Foundation
import Query
import Synchronization
import TestSupport
import Testing

@testable import Server

@Suite(.serialized) struct ConnectionTests {
    /// One client sends a mix of everything in random pieces; a model says each reply.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func repliesKeepTheOrderOfRequests(seed: UInt64) async throws {
        try await TestServer.with { server in
            var random = SeededGenerator(seed: seed)
            var stream: [UInt8] = []
            var expected: [Reply] = []
            var appended: Int64 = 0
            for number in 0..<600 {
                let line: String
                switch Int.random(in: 0..<12, using: &random) {
                case 0...5:
                    line = "APPEND {\"n\": \(number)}"
                    appended += 1
                    expected.append(.integer(appended))
                case 6, 7:
                    line = "COUNT"
                    expected.append(.integer(appended))
                case 8:
                    line = "COUNT USER slow"
                    expected.append(.integer(appended))
                case 9:
                    line = "SERIES"
                    let syntax = CommandTable.command("SERIES")?.syntax ?? ""
                    expected.append(
                        .error("ERR wrong number of words for SERIES; accepted: \(syntax)"))
                case 10:
                    line = "ECHO \(number)"
                    expected.append(.text("\(number)"))
                default:
                    line = "GET \(number)"
                    expected.append(.null)
                }
                stream += Array((line + "\r\n").utf8)
            }
            let client = try RawClient(server.path)
            var rest = stream[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...900, using: &random))
                rest = rest.dropFirst(piece.count)
                try client.send(piece)
            }
            for (number, reply) in expected.enumerated() {
                let found = try client.reply()
                guard found == reply else {
                    Issue.record("seed \(seed): reply \(number) is \(found as Any), not \(reply)")
                    return
                }
            }
        }
    }

    @Test func requestsByteByByte() async throws {
        try await TestServer.with { server in
            let client = try RawClient(server.path)
            for byte in "*3\r\n$5\r\nCOUNT\r\n$4\r\nUSER\r\n$4\r\nslow\r\nPING\r\n".utf8 {
                try client.send([byte])
            }
            try client.expect([.integer(0), .simple("PONG")])
        }
    }

    /// A thousand replies of a megabyte are asked for and not read: only what fits into the socket
    /// and one buffer is ever made, and other clients do not notice.
    @Test func whoDoesNotReadWaits() async throws {
        try await TestServer.with { server in
            let slow = try RawClient(server.path)
            try slow.send(String(repeating: "TOP 1000 user\r\n", count: 1_000))
            try await Task.sleep(for: .milliseconds(300))
            let answered = server.engine.answered.load(ordering: .relaxed)
            #expect(answered >= 1 && answered <= 3)
            let other = try RawClient(server.path)
            try other.expect("PING", .simple("PONG"))
            for _ in 0..<20 {
                guard case .array(let rows) = try slow.reply() else {
                    Issue.record("no ranking")
                    return
                }
                #expect(rows.count == 1_000)
            }
            try await Task.sleep(for: .milliseconds(100))
            #expect(server.engine.answered.load(ordering: .relaxed) <= 24)
        }
    }

    /// A client that only sends is stopped by its own full socket.
    @Test func whoOnlySendsIsNotReadOn() async throws {
        try await TestServer.with { server in
            let client = try RawClient(server.path)
            let flood = Array(String(repeating: "TOP 1000 user\r\n", count: 10_000).utf8)
            var sent = 0
            for _ in 0..<100 {
                let taken = client.sendWhatFits(flood)
                if taken > 0 { sent += taken } else { try await Task.sleep(for: .milliseconds(5)) }
            }
            // The system's buffer for one socket, and some reads of ours.
            #expect(sent < 4 << 20)
        }
    }

    @Test func appendsInFlightHaveALimit() async throws {
        var limits = ServerLimits()
        limits.appendsInFlight = 10
        try await TestServer.with(limits: limits, burst: .milliseconds(30)) { server in
            let client = try RawClient(server.path)
            try client.send(String(repeating: "APPEND {}\r\n", count: 35))
            let began = ContinuousClock.now
            try client.expect((1...35).map { .integer($0) })
            // Ten per burst: the fourth burst has the last ones.
            #expect(ContinuousClock.now - began > .milliseconds(85))
        }
    }

    @Test func halfClosedClientsGetTheirReplies() async throws {
        try await TestServer.with(burst: .milliseconds(20)) { server in
            let client = try RawClient(server.path)
            try client.send("APPEND {}\r\nAPPEND {}\r\nCOUNT USER slow\r\nPING\r\nPING unfinis")
            client.endSending()
            try client.expect([.integer(1), .integer(2), .integer(2), .simple("PONG"), nil])
            #expect(client.hasEnded)
        }
    }

    /// Clients that vanish at every byte, with requests under way, leave nothing behind.
    @Test func vanishingClientsAreForgotten() async throws {
        try await TestServer.with(burst: .milliseconds(20)) { server in
            let text = "APPEND {}\r\nCOUNT USER slow\r\n*2\r\n$4\r\nPING\r\n$1\r\nx\r\n"
            for length in 1...text.utf8.count {
                let client = try RawClient(server.path)
                try client.send(text.utf8.prefix(length))
            }
            let other = try RawClient(server.path)
            var figures = ""
            for _ in 0..<100 where !figures.contains("connected_clients:1\r\n") {
                try await Task.sleep(for: .milliseconds(20))
                if case .bulk(let bytes) = try other.ask("INFO clients") {
                    figures = String(decoding: bytes, as: UTF8.self)
                }
            }
            #expect(figures.contains("connected_clients:1\r\n"))
            let received = text.utf8.count + 1
            #expect(figures.contains("total_connections_received:\(received)\r\n"))
        }
    }

    @Test func protocolErrorsAnswerAndClose() async throws {
        try await TestServer.with { server in
            let cases = [
                "*1\r\n$4194305\r\n": "a word of '4194305' bytes; accepted: at most 4194304",
                "*1\r\n+PING\r\n": "a word begins with '+'; accepted: $ and its length",
            ]
            for (bytes, sentence) in cases {
                let client = try RawClient(server.path)
                try client.send("PING\r\n" + bytes + "PING\r\n")
                try client.expect([.simple("PONG"), .error("ERR Protocol error: " + sentence), nil])
            }
        }
    }

    /// A payload of the limit is taken; a reply past its limit becomes an error.
    @Test func sizesAtTheLimit() async throws {
        try await TestServer.with { server in
            let client = try RawClient(server.path)
            let payload = [UInt8](repeating: 32, count: 4 << 20)
            try client.send("*2\r\n$6\r\nAPPEND\r\n$\(payload.count)\r\n")
            try client.send(payload + [13, 10])
            try client.expect([.integer(1)])
            guard case .error(let text) = try client.ask("TOP ALL user") else {
                Issue.record("a reply past the limit was sent")
                return
            }
            #expect(text.hasPrefix("ERR the reply has 10"))
            try client.expect("PING", .simple("PONG"))
        }
    }

    @Test func idleAndDawdlingClientsAreClosed() async throws {
        var limits = ServerLimits()
        limits.idle = .milliseconds(300)
        limits.request = .milliseconds(600)
        try await TestServer.with(limits: limits) { server in
            let idle = try RawClient(server.path)
            try idle.expect("PING", .simple("PONG"))
            try idle.expect([nil])
            let dawdling = try RawClient(server.path)
            let began = ContinuousClock.now
            for byte in "COUNT USER aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".utf8 {
                if dawdling.sendWhatFits([byte]) < 0 { break }
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(
                try dawdling.reply()
                    == .error("ERR a request did not arrive whole within 0.6 seconds"))
            #expect(ContinuousClock.now - began < .seconds(5))
        }
    }

    @Test func connectionsHaveALimit() async throws {
        var limits = ServerLimits()
        limits.connections = 3
        try await TestServer.with(limits: limits) { server in
            var clients = try (0..<3).map { _ in try RawClient(server.path) }
            for client in clients { try client.expect("PING", .simple("PONG")) }
            let fourth = try RawClient(server.path)
            try fourth.expect([.error("ERR max number of clients reached"), nil])
            clients.removeLast()
            try await Task.sleep(for: .milliseconds(50))
            try RawClient(server.path).expect("PING", .simple("PONG"))
        }
    }

    @Test func requestsThatNeverEndHoldLittleTogether() async throws {
        var limits = ServerLimits()
        limits.unfinishedRequestBytes = 250_000
        try await TestServer.with(limits: limits) { server in
            let part =
                "*2\r\n$6\r\nAPPEND\r\n$200002\r\n{}" + String(repeating: " ", count: 190_000)
            let rest = String(repeating: " ", count: 10_000) + "\r\n"
            let first = try RawClient(server.path)
            try first.send(part)
            try await Task.sleep(for: .milliseconds(100))
            let second = try RawClient(server.path)
            try second.send(part)
            guard case .error(let sentence) = try second.reply() else {
                Issue.record("it is not refused")
                return
            }
            #expect(sentence.contains("have not arrived whole hold"))
            #expect(try second.reply() == nil)
            try RawClient(server.path).expect("PING", .simple("PONG"))
            try first.send(rest)
            try first.expect([.integer(1)])
            // What is whole, or gone, holds nothing.
            for number in 2...4 {
                let again = try RawClient(server.path)
                try again.send(part + rest)
                try again.expect([.integer(Int64(number))])
            }
        }
    }

    @Test func shutdownFinishesWhatHasBegun() async throws {
        let server = try await TestServer.start(burst: .milliseconds(100))
        let appending = try RawClient(server.path)
        let idle = try RawClient(server.path)
        try idle.expect("PING", .simple("PONG"))
        try appending.send("APPEND {}\r\nAPPEND {}\r\n")
        try await Task.sleep(for: .milliseconds(30))
        try await server.stop()
        try appending.expect([.integer(1), .integer(2), nil])
        try idle.expect([nil])
        #expect(!FileManager.default.fileExists(atPath: server.path))
        #expect(throws: RawClient.Failure.self) { try RawClient(server.path) }
    }
}
