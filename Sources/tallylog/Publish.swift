import ArgumentParser
import Engine
import Envelope
import Feed
import Model

/// Publishes messages on a ZeroMQ socket: a bus to try things on.
struct Publish: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Is a bus: publishes the messages of a file, or made-up ones",
        discussion: """
            For trials and tests. It waits for slow subscribers, which a real bus does not.
            """)

    @Option(help: .init("The endpoint to bind, such as ipc:///tmp/bus.", valueName: "endpoint"))
    var bind: String
    @Option(help: .init("Messages per second (default: no limit).", valueName: "number"))
    var rate: Int?
    @Option(
        help: .init("Publish so many made-up messages of the last 30 days.", valueName: "number"))
    var generate: Int?
    @Option(help: "The seed of the made-up messages.")
    var seed: UInt64 = 1
    @Option(
        help: .init(
            "Wait until so many subscribe; who comes later misses what was sent.",
            valueName: "number"))
    var subscribers = 1
    @Argument(help: "A file with one envelope a line, or - for standard input.")
    var file: String?

    func validate() throws {
        if (generate == nil) == (file == nil) {
            throw ValidationError("Name a FILE, or --generate N; one of the two.")
        }
    }

    mutating func run() throws {
        do {
            let publisher = try Publisher(endpoint: bind, isLossless: true)
            for _ in 0..<subscribers {
                guard publisher.waitForSubscriber(milliseconds: 60_000) else {
                    throw CommandFailure("nobody subscribed to \(bind) within a minute")
                }
            }
            let sent =
                try generate.map { try publishMadeUp($0, publisher) }
                ?? publishFile(publisher)
            Terminal.print(lines: ["\(sent) messages published"])
        } catch {
            Terminal.complain("\(error)")
            throw ExitStatus.failed
        }
    }

    private func publishMadeUp(_ count: Int, _ publisher: Publisher) throws -> Int {
        var generator = MessageGenerator(
            MessageGenerator.Options(count: count, end: WallClock.now, seed: seed))
        let pace = Pace(rate: rate)
        while let message = generator.next() {
            try send(message.topic, message.envelope, publisher)
            pace.wait()
        }
        return pace.done
    }

    private func publishFile(_ publisher: Publisher) throws -> Int {
        let lines = try LineReader(path: file ?? "-")
        let parser = EnvelopeParser(profile: .fedora)
        let pace = Pace(rate: rate)
        var batch = RecordBatch()
        while let line = try lines.next() {
            // Frame 1 is the envelope's own topic.
            batch.removeAll()
            let outcome = line.withUnsafeBytes {
                parser.append($0, frameTopic: nil, arrival: WallClock.now, to: &batch)
            }
            if case .rejected(let rejection) = outcome {
                Terminal.complain("a line was left out: \(rejection.sentence)")
                continue
            }
            var topic: [UInt8] = []
            batch.forEach { _, record in topic = Array(record.text(of: record.name(at: 0))) }
            try line.withUnsafeBytes { try send(topic, $0, publisher) }
            pace.wait()
        }
        return pace.done
    }

    private func send(
        _ topic: [UInt8], _ envelope: UnsafeRawBufferPointer, _ publisher: Publisher
    ) throws {
        try topic.withUnsafeBytes { try publisher.publish(topic: $0, envelope: envelope) }
    }
}
