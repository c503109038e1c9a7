// What could go wrong: the side file grows without end, loses the newest, or gives back other bytes
// than it got; a torn line hides those behind it; the generator's messages are no good envelopes.
import Envelope
import Feed
import Foundation
import Model
import Testing

@Suite struct RejectedFileTests {
    private let path = FileManager.default.temporaryDirectory.appendingPathComponent(
        "rejected-\(UInt64.random(in: 0 ... .max))"
    ).path

    private func message(_ number: Int, bytes: Int) -> RejectedMessage {
        RejectedMessage(
            reason: Rejection.allCases[number % Rejection.allCases.count],
            arrival: Timestamp(microseconds: Int64(number)),
            topic: (0..<number % 5).map { UInt8($0 * 63) },
            envelope: (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* number) })
    }

    private func remove() throws {
        for file in [path, path + ".old"] where FileManager.default.fileExists(atPath: file) {
            try FileManager.default.removeItem(atPath: file)
        }
    }

    @Test func givesBackWhatItGot() throws {
        defer { #expect(throws: Never.self) { try remove() } }
        let messages = (0..<60).map { message($0, bytes: $0) }
        for part in [messages.prefix(30), messages.suffix(30)] {
            let file = try RejectedFile(path: path)
            for message in part { try file.append(message) }
        }
        var kept: [RejectedMessage] = []
        #expect(try RejectedFile.forEach(in: path) { kept.append($0) } == 0)
        #expect(kept == messages)

        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        try whole.dropLast(7).write(to: URL(fileURLWithPath: path))
        kept = []
        #expect(try RejectedFile.forEach(in: path) { kept.append($0) } == 1)
        #expect(kept == messages.dropLast())
    }

    @Test func staysWithinItsBound() throws {
        defer { #expect(throws: Never.self) { try remove() } }
        let bound = 20_000
        let file = try RejectedFile(path: path, bytesMax: bound)
        for number in 1...300 {
            try file.append(message(number, bytes: number == 150 ? 90_000 : 99))
        }
        let sizes = try [path, path + ".old"].map {
            try Data(contentsOf: URL(fileURLWithPath: $0)).count
        }
        #expect(sizes.reduce(0, +) <= bound)
        var kept: [RejectedMessage] = []
        #expect(try RejectedFile.forEach(in: path) { kept.append($0) } == 0)
        #expect(kept.last == message(300, bytes: 99))
        #expect(kept.count > 20 && kept == (301 - kept.count...300).map { message($0, bytes: 99) })
    }

    @Test func generatorMakesGoodEnvelopes() throws {
        let options = MessageGenerator.Options(
            count: 2_000, end: Timestamp(seconds: 1_700_000_000), spanSeconds: 86_400, topics: 40)
        var generator = MessageGenerator(options)
        var again = MessageGenerator(options)
        let parser = EnvelopeParser(profile: .generic)
        var batch = RecordBatch()
        var bytes = 0
        while let (topic, made) = generator.next() {
            let envelope = Array(made)
            #expect(again.next().map { Array($0.envelope) } == envelope)
            bytes += envelope.count
            let outcome = topic.withUnsafeBytes { topic in
                envelope.withUnsafeBytes {
                    parser.append(
                        $0, frameTopic: topic, arrival: Timestamp(seconds: 1_700_000_000),
                        to: &batch)
                }
            }
            #expect(outcome == .record)
        }
        #expect(again.next() == nil && batch.count == 2_000)
        #expect((560...680).contains(bytes / 2_000), "\(bytes / 2_000) bytes on average")
        var times: [Int64] = []
        var topics: [String: Int] = [:]
        batch.forEach { _, record in
            times.append(record.timestamp.microseconds)
            let topic = String(decoding: record.text(of: record.name(at: 0)), as: UTF8.self)
            topics[topic, default: 0] += 1
            #expect(record.nameCount >= 3)
        }
        #expect(times == times.sorted())
        #expect(times.last == 1_700_000_000_000_000)
        let first = options.end.microseconds - options.spanSeconds * 1_000_000
        #expect(times.first == first)
        #expect(topics.count > 30 && (topics.values.max() ?? 0) > 300)
    }
}
