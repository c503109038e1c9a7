// What could go wrong: a payload does not come back byte for byte: because a byte stands for
// something else, a value stands there twice or in another spelling, or a cut reaches too far.
import Model
import TestSupport
import Testing

@testable import MessageLog

@Suite struct CutTextTests {
    /// Cuts all payloads into one block and puts them together again.
    private func roundTrip(
        _ payloads: [[UInt8]], _ known: [KnownValues]
    ) throws -> (texts: [[UInt8]], bytes: Int) {
        var cutter = PayloadCutter()
        var text: [UInt8] = []
        var digits: [UInt8] = []
        for (payload, known) in zip(payloads, known) {
            payload.withUnsafeBytes { cutter.cut($0, known, text: &text, digits: &digits) }
        }
        let cut = try #require(CutText(text: text, digits: digits))
        #expect(cut.count == payloads.count)
        return (
            (0..<cut.count).map { message in
                var payload: [UInt8] = []
                cut.append(message, known[message], to: &payload)
                return payload
            }, text.count + digits.count
        )
    }

    private func known(topic: String, time: Int64, id: String) -> KnownValues {
        var known = KnownValues()
        known.topic = Array(topic.utf8)
        known.time = time
        known.setID(MessageID(id))
        return known
    }

    @Test func anythingComesBack() throws {
        for seed in 1...400 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            var payloads: [[UInt8]] = []
            var values: [KnownValues] = []
            for _ in 0..<(1 + random.below(20)) {
                let topic = random.pick([
                    "org.example.prod.git.receive", "a", "1234567890123456", "",
                ])
                let seconds: Int64 = random.pick([
                    0, 1, 1_445_752_800, .random(in: 0..<1 << 33, using: &random),
                ])
                let micros: Int64 = random.pick([0, 1, 500_000, 120_000, 999_999])
                let id = random.pick(
                    ["2015-0123abcd-89ef-4567-89ab-0123456789ab", "odd", "derived-x"])
                let known = known(topic: topic, time: seconds * 1_000_000 + micros, id: id)
                var payload: [UInt8] = []
                for _ in 0..<random.below(12) {
                    payload += piece(&random, topic: topic, id: id, seconds: seconds)
                }
                payloads.append(payload)
                values.append(known)
            }
            #expect(try roundTrip(payloads, values).texts == payloads, "seed \(seed)")
        }
    }

    private func piece(
        _ random: inout SeededGenerator, topic: String, id: String, seconds: Int64
    ) -> [UInt8] {
        let text: String
        switch random.below(9) {
        case 0: text = topic
        case 1: text = id
        case 2: text = "\(seconds)"
        case 3:
            text = "\(seconds)." + random.pick(["0", "5", "50", "12", "000001", "0000010", "x"])
        case 4:
            let digits = random.pick(["0123456789abcdef", "f", "ABCDEF", "0"])
            text = String(repeating: digits, count: random.below(40))
        case 5: text = "{\"msg\": \"\u{e9}\u{20ac}\"}"
        case 6: return (0..<random.below(60)).map { _ in UInt8(random.below(256)) }
        case 7: return (0..<random.below(9)).map { _ in UInt8(random.below(9)) }
        default: text = "-"
        }
        return Array(text.utf8)
    }

    /// Runs of every length about the least and the most that one cut takes.
    @Test func runsOfDigits() throws {
        let lengths = Array(0...40) + Array(500...530) + [1_000, 1_020, 1_021]
        let payloads = lengths.flatMap { length -> [[UInt8]] in
            let digits = (0..<length).map { Array("0123456789abcdef".utf8)[$0 * 7 % 16] }
            return [digits, [103] + digits + [103], digits + Array("A".utf8) + digits]
        }
        let none = Array(repeating: KnownValues(), count: payloads.count)
        #expect(try roundTrip(payloads, none).texts == payloads)
    }

    @Test func whatTheColumnsKnowIsNotStored() throws {
        let id = "2015-0123abcd-89ef-4567-89ab-0123456789ab"
        let known = known(topic: "org.example.prod.a", time: 1_445_752_800_250_000, id: id)
        let text =
            "{\"i\":1,\"timestamp\":1445752800.25,\"msg_id\":\"\(id)\","
            + "\"topic\":\"org.example.prod.a\"}"
        let payload = Array(text.utf8)
        let cut = try roundTrip([payload], [known])
        #expect(cut.texts == [payload])
        #expect(cut.bytes == payload.count - 41 - 18 - 13 + 1 + 1 + 2 + 1)
    }

    /// Bytes that no cutter makes are told from those that one does.
    @Test func otherBytesAreRefused() {
        for text in [[1], [65], [2, 0], [5, 0], [7, 0], [6], [4, 8, 0]] as [[UInt8]] {
            #expect(CutText(text: text, digits: []) == nil, "\(text)")
        }
        #expect(CutText(text: [0], digits: [1]) == nil)
    }
}
