// What could go wrong: messages vanish between the socket and the sink without being counted; a
// wrong number of frames shifts the frames of the next message; stopping loses what has arrived;
// another program's publisher (Python's zmq) is not understood.
import Envelope
import Feed
import Foundation
import Logging
import Model
import Synchronization
import Testing

@Suite(.serialized) struct SubscriberTests {
    /// What a subscriber has handed on.
    private final class Collected: Sendable {
        let payloads = Mutex<[[UInt8]]>([])
        let rejected = Mutex<[RejectedMessage]>([])

        var count: Int { payloads.withLock { $0.count } + rejected.withLock { $0.count } }

        func subscriber(_ options: Subscriber.Options, delay: UInt32 = 0) -> Subscriber {
            Subscriber(
                options, logger: Logger(label: "feed"),
                rejected: { message in self.rejected.withLock { $0.append(message) } },
                sink: { batch in
                    usleep(delay)
                    batch.forEach { _, record in
                        let payload = Array(record.payload)
                        self.payloads.withLock { $0.append(payload) }
                    }
                })
        }
    }

    private func temporaryDirectory() throws -> URL {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "feed-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }

    /// Waits up to ten seconds.
    private func wait(for condition: () -> Bool) -> Bool {
        for _ in 0..<1_000 {
            if condition() { return true }
            usleep(10_000)
        }
        return condition()
    }

    @Test func everyMessageIsHandedOnOrRejected() throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let endpoint = "ipc://\(directory.path)/bus"
        let publisher = try Publisher(endpoint: endpoint, isLossless: true)
        let collected = Collected()
        let subscriber = collected.subscriber(
            Subscriber.Options(endpoints: [endpoint], batchRecords: 100), delay: 500)
        try subscriber.start()
        #expect(publisher.waitForSubscriber(milliseconds: 5_000))

        var generator = MessageGenerator(
            MessageGenerator.Options(count: 5_000, end: Timestamp(seconds: 1_700_000_000)))
        var sent: [[UInt8]] = []
        var wrong = 0
        while let (topic, made) = generator.next() {
            let envelope = Array(made)
            switch sent.count + wrong {
            case let place where place % 50 == 10: try publisher.publish(frames: [topic])
            case let place where place % 50 == 20:
                try publisher.publish(frames: [topic, envelope, [1], []])
            case let place where place % 50 == 30:
                try publisher.publish(frames: [[0x78], envelope])
            case let place where place % 50 == 40:
                try publisher.publish(frames: [topic, Array(envelope.dropLast())])
            default:
                try publisher.publish(frames: [topic, envelope])
                sent.append(envelope)
                continue
            }
            wrong += 1
        }
        #expect(wait { collected.count == sent.count + wrong })
        subscriber.stop()

        let counters = subscriber.counters
        #expect(collected.payloads.withLock { $0 } == sent)
        #expect(counters.received == sent.count + wrong)
        #expect(counters.received == counters.handed + counters.rejectedTotal)
        #expect(counters.handed == sent.count && counters.queued == 0)
        #expect(counters[.frameCount] == wrong / 2)
        #expect(counters[.topicMismatch] == wrong / 4)
        #expect(counters[.notJSON] == wrong / 4)
        #expect(collected.rejected.withLock { $0.count } == counters.rejectedTotal)
        #expect(counters.batches >= sent.count / 100)
    }

    /// ZeroMQ cuts the connection, and by itself never connects again.
    @Test func aFrameBeyondTheLimitDoesNotEndTheFeed() throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let endpoint = "ipc://\(directory.path)/bus"
        let publisher = try Publisher(endpoint: endpoint)
        let collected = Collected()
        let subscriber = collected.subscriber(
            Subscriber.Options(endpoints: [endpoint], frameBytesMax: 100_000))
        try subscriber.start()
        #expect(publisher.waitForSubscriber(milliseconds: 5_000))
        try publisher.publish(frames: [[0x78], Array(repeating: 0x78, count: 100_001)])
        #expect(wait { subscriber.counters.disconnections == 1 })
        let envelope = Array(#"{"topic":"x","msg":{},"timestamp":1700000000}"#.utf8)
        #expect(
            wait {
                try? publisher.publish(frames: [[0x78], envelope])
                return collected.count > 0
            })
        #expect(subscriber.counters.connected == 1)
        subscriber.stop()
        #expect(collected.payloads.withLock { $0.first } == envelope)
    }

    @Test func knowsItsConnectionsAndPrefixes() throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let endpoints = ["a", "b"].map { "ipc://\(directory.path)/\($0)" }
        let first = try Publisher(endpoint: endpoints[0])
        var second: Publisher? = try Publisher(endpoint: endpoints[1])
        let collected = Collected()
        let subscriber = collected.subscriber(
            Subscriber.Options(endpoints: endpoints, prefixes: ["x.", "z"]))
        try subscriber.start()
        #expect(wait { subscriber.counters.connected == 2 })
        #expect(first.waitForSubscriber(milliseconds: 5_000))
        #expect(second?.waitForSubscriber(milliseconds: 5_000) == true)
        usleep(100_000)
        for topic in ["x", "x.y", "y.x.", "zz"] {
            try first.publish(frames: [Array(topic.utf8), Array("{\"topic\":\"\(topic)\"}".utf8)])
        }
        try second?.publish(frames: [Array("x.2".utf8), Array(#"{"topic":"x.2"}"#.utf8)])
        #expect(wait { collected.count == 3 })
        second = nil
        #expect(wait { subscriber.counters.connected == 1 })
        subscriber.stop()
        #expect(subscriber.counters.disconnections == 1)
        #expect(
            Set(collected.payloads.withLock { $0 }.map { String(decoding: $0, as: UTF8.self) })
                == [#"{"topic":"x.y"}"#, #"{"topic":"zz"}"#, #"{"topic":"x.2"}"#])
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3")))
    func understandsPython() throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let endpoint = "ipc://\(directory.path)/bus"
        let script = """
            import json, sys, time, zmq
            socket = zmq.Context().socket(zmq.XPUB)
            socket.bind(sys.argv[1])
            socket.recv()
            for i in range(500):
                topic = "org.example.prod.wiki.n%d" % (i % 7)
                body = {"topic": topic, "timestamp": time.time(), "msg": {"user": "Ann\\u00e9"}}
                if i % 100 == 5: body["timestamp"] = float("nan")
                socket.send_multipart([topic.encode(), json.dumps(body).encode()])
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = ["-c", script, endpoint]
        let collected = Collected()
        let subscriber = collected.subscriber(Subscriber.Options(endpoints: [endpoint]))
        try subscriber.start()
        try process.run()
        #expect(wait { collected.count == 500 })
        process.waitUntilExit()
        subscriber.stop()
        #expect(process.terminationStatus == 0)
        #expect(subscriber.counters.handed == 495)
        #expect(subscriber.counters[.timestampInvalid] == 5)
    }

    @Test func refusesBadEndpointsInWords() throws {
        #expect(throws: FeedError.self) { try Publisher(endpoint: "nowhere") }
        let subscriber = Collected().subscriber(Subscriber.Options(endpoints: ["tcp//x"]))
        #expect(throws: FeedError.self) { try subscriber.start() }
        subscriber.stop()
    }
}
