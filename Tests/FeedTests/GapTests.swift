// What could go wrong: messages that ZeroMQ dropped, or that were sent while nobody was connected,
// lie in no gap that the log tells of; a gap is forgotten by a kill, or never ends; counters of
// processes side by side are taken for losses again and again.
import Engine
import Envelope
import Foundation
import Logging
import MessageLog
import Model
import Synchronization
import TestSupport
import Testing

@testable import Feed

@Suite(.serialized) struct GapTests {
    private final class Received: Sendable {
        let numbers = Mutex<Set<Int64>>([])
    }

    /// A store whose feed listens to one endpoint, and what was sent and received there.
    private final class Bench {
        let directory = TemporaryDirectory()
        let endpoint: String
        private var open: Engine?
        private let received = Received()
        private(set) var sent: [(number: Int64, time: Timestamp)] = []
        var counters: [String: Int64] = [:]

        init() throws {
            endpoint = "ipc://\(directory.path)/bus"
            open = try Engine(directory: directory.path + "/store")
        }

        var engine: Engine {
            guard let open else { preconditionFailure("the store is open") }
            return open
        }

        func reopen() throws {
            try open?.close()
            open = nil
            open = try Engine(directory: directory.path + "/store")
        }

        func subscriber(mark: Int = 50_000, delay: UInt32 = 0) -> Subscriber {
            Subscriber(
                Subscriber.Options(
                    endpoints: [endpoint], queuedMessagesMax: mark, batchRecords: 20),
                logger: Logger(label: "feed"), ledger: engine.feeds, rejected: { _ in },
                sink: { [received] batch in
                    usleep(delay)
                    batch.forEach { _, record in
                        let text = String(decoding: record.payload, as: UTF8.self)
                        let digits = text.split(separator: "\"n\":").last?.prefix { $0.isNumber }
                        if let number = digits.flatMap({ Int64($0) }) {
                            received.numbers.withLock { _ = $0.insert(number) }
                        }
                    }
                })
        }

        func send(_ publisher: Publisher, service: String = "git") throws {
            let topic = "org.example.prod.\(service).push"
            let number = Int64(sent.count)
            counters[service, default: 0] += 1
            let now = WallClock.now
            let envelope = """
                {"topic":"\(topic)","timestamp":\(Double(now.microseconds) / 1e6),\
                "i":\(counters[service] ?? 0),"username":"apache","msg":{"n":\(number)}}
                """
            try publisher.publish(frames: [Array(topic.utf8), Array(envelope.utf8)])
            sent.append((number, now))
        }

        var gaps: [Gap] { engine.feeds.history.gaps }
        var missing: [(number: Int64, time: Timestamp)] {
            let received = received.numbers.withLock { $0 }
            return sent.filter { !received.contains($0.number) }
        }

        /// Messages that have not come and lie in no gap.
        var unaccounted: [Int64] {
            missing.filter { message in
                !gaps.contains { gap in
                    gap.from.microseconds - 10_000 <= message.time.microseconds
                        && gap.to.map { message.time <= $0 } ?? true
                }
            }.map(\.number)
        }
    }

    /// Waits up to ten seconds.
    private func wait(for condition: () -> Bool) -> Bool {
        for _ in 0..<1_000 {
            if condition() { return true }
            usleep(10_000)
        }
        return condition()
    }

    @Test func whatIsDroppedLiesInAGap() throws {
        let bench = try Bench()
        let publisher = try Publisher(endpoint: bench.endpoint, queuedMessagesMax: 10)
        let subscriber = bench.subscriber(mark: 10, delay: 3_000)
        try subscriber.start()
        #expect(publisher.waitForSubscriber(milliseconds: 5_000))
        for number in 0..<4_000 {
            try bench.send(publisher, service: number % 3 == 0 ? "git" : "wiki")
            if number % 500 == 499 { usleep(100_000) }
        }
        usleep(300_000)
        subscriber.stop()
        #expect(bench.missing.count > 500, "the publisher was to drop")
        #expect(bench.unaccounted.isEmpty)
        #expect(bench.gaps.contains { $0.reason == .counter || $0.reason == .overflow })
        #expect(subscriber.counters.missing > 0)
        try bench.engine.close()
    }

    @Test func restartsOfEitherSideAreGaps() throws {
        let bench = try Bench()
        var publisher: Publisher? = try Publisher(endpoint: bench.endpoint)
        for round in 0..<6 {
            let subscriber = bench.subscriber()
            try subscriber.start()
            for number in 0..<60 {
                if number == 20 + round {
                    publisher = nil
                    bench.counters = [:]
                    usleep(20_000)
                    publisher = try Publisher(endpoint: bench.endpoint)
                }
                if let publisher { try bench.send(publisher) }
                usleep(5_000)
            }
            #expect(wait { subscriber.counters.connected == 1 })
            usleep(200_000)
            subscriber.stop()
            for _ in 0..<20 {
                if let publisher { try bench.send(publisher) }
            }
        }
        #expect(bench.missing.count >= 120, "nobody listened to these")
        // The last ones were sent behind the last stop: the next start's gap has them.
        let last = bench.subscriber()
        try last.start()
        #expect(wait { last.counters.connected == 1 })
        #expect(wait { bench.gaps.allSatisfy { $0.to != nil } })
        last.stop()
        #expect(bench.unaccounted.isEmpty)
        #expect(bench.gaps.count { $0.reason == .stopped } == 7)
        #expect(bench.gaps.contains { $0.reason == .disconnected })
        // The log has it all, too.
        let told = bench.engine.feeds.history
        try bench.reopen()
        #expect(bench.engine.feeds.history == told)
        try bench.engine.close()
    }

    @Test func anEndpointThatIsAwayHasAGapOfItsOwn() throws {
        let bench = try Bench()
        let publisher = try Publisher(endpoint: bench.endpoint)
        let start = Timestamp(seconds: 1_000_000)
        let recorder = GapRecorder(
            feed: "bus", endpoints: ["tcp://here:1", "tcp://away:2"],
            since: Timestamp(seconds: 900_000), ledger: bench.engine.feeds, now: start)
        recorder.connected("tcp://here:1", at: start)
        let later = Timestamp(seconds: 1_000_000 + Limits.feedConnectSecondsMax)
        recorder.look(now: start, connected: 1, received: 0, empty: start)
        #expect(bench.gaps.map(\.reason) == [.history, .stopped])
        #expect(bench.gaps[1].to == nil)
        recorder.look(now: later, connected: 1, received: 0, empty: later)
        #expect(bench.gaps.map(\.reason) == [.history, .stopped, .disconnected])
        #expect(bench.gaps[1].to != nil)
        #expect(bench.gaps[2].from == start && bench.gaps[2].to == nil)
        #expect(bench.gaps[2].detail == "tcp://away:2")
        // It comes back under its address.
        recorder.connected("tcp://192.0.2.7:2", at: later)
        #expect(bench.gaps[2].to != nil)
        withExtendedLifetime(publisher) {}
        try bench.engine.close()
    }

    private func origin(_ fields: String) throws -> Origin {
        let parser = EnvelopeParser(profile: .generic)
        var batch = RecordBatch()
        let envelope = Array(#"{"topic":"t","timestamp":1700000000,\#(fields)}"#.utf8)
        let outcome = envelope.withUnsafeBytes {
            parser.append(
                $0, frameTopic: nil, arrival: Timestamp(seconds: 1_700_000_000), to: &batch)
        }
        #expect(outcome == .record)
        return parser.origin
    }

    @Test func countersTellLossesFromProcesses() throws {
        var publishers = PublisherCounters()
        func missing(_ fields: String) throws -> Int64? {
            publishers.take(
                try origin(fields), of: 1, arrival: Timestamp(seconds: 1_700_000_000))?.missing
        }
        // One process, a loss, a repeated message, a restart.
        #expect(try [1, 2, 3].compactMap { try missing("\"i\":\($0)") } == [])
        #expect(try missing("\"i\":7") == 3)
        #expect(try missing("\"i\":7") == nil)
        #expect(try [8, 1, 2].compactMap { try missing("\"i\":\($0)") } == [])
        // A second process far ahead, then both by turns.
        #expect(
            try [50_000, 3, 50_001, 4, 50_002].compactMap { try missing("\"i\":\($0)") } == [])
        #expect(try missing("\"i\":50004") == 1)
        // What is no counter.
        for other in ["\"i\":-1", "\"i\":1e3", "\"i\":\"9\"", "\"i\":99999999999999999999"] {
            #expect(try missing(other) == nil)
        }
        // seq_id does not begin anew, and what is repeated is no loss.
        #expect(try [100, 101, 90, 102].compactMap { try missing("\"seq_id\":\($0)") } == [])
        #expect(try missing("\"i\":1,\"seq_id\":110") == 7)
        #expect(try missing("\"seq_id\":112") == 1)
    }
}
