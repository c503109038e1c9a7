// What could go wrong: a copy of a message that an archive wrote anew gets another id than the live
// one, so that it counts twice; a time loses its last digits on the way through a float.
import Envelope
import Model
import TestSupport
import Testing

@Suite struct IdentityTests {
    private let parser = EnvelopeParser(profile: .fedora)

    @Test func derivesWhatPythonWouldWrite() throws {
        for item in derivedIDCases {
            let time = item.second.map { ",\"timestamp\":\($0)" } ?? ""
            let text = "{\"msg\":\(item.msg),\"topic\":\"\(item.topic)\"\(time)}"
            let record = try parser.parse(text).get()
            #expect(record.id.exactText == item.id, "\(item.msg)")
        }
    }

    @Test func copiesShareTheirID() throws {
        let live = #"{"i":1,"msg":{"b":[1,2.0],"a":"\u00e9"},"timestamp":1400000000,"topic":"t"}"#
        let copies = [
            #"{"topic": "t", "timestamp": 1400000000.0, "msg": {"a": "\#u{e9}", "b": [1, 2.0]}}"#,
            #"{"timestamp":1.4e9,"source_name":"datanommer","headers":{},"topic":"t","#
                + #""msg_id":null,"msg":{"a":"\u00E9","b":[1,2.00]}}"#,
            #"{"timestamp":1400000000.9,"topic":"\u0074","msg_id":"","#
                + #""msg":{"a":"x","a":"\u00e9","b":[1,2e0]}}"#,
        ]
        let id = try parser.parse(live).get().id
        for copy in copies { #expect(try parser.parse(copy).get().id == id, "\(copy)") }
        let others = [
            #"{"msg":{"b":[1,2],"a":"\u00e9"},"timestamp":1400000000,"topic":"t"}"#,
            #"{"msg":{"b":[1,2.0],"a":"\u00e9"},"timestamp":1400000001,"topic":"t"}"#,
            #"{"msg":{"b":[1,2.0],"a":"\u00e9"},"topic":"t"}"#,
            #"{"msg":{"b":[1,2.0],"a":"\u00e9"},"timestamp":1400000000,"topic":"u"}"#,
        ]
        for other in others { #expect(try parser.parse(other).get().id != id, "\(other)") }
        let (first, later) = (#"{"topic":"t","msg":1}"#, Timestamp(seconds: 1_790_000_777))
        let early = try parser.parse(first).get()
        let late = try parser.parse(Array(first.utf8), arrival: later).get()
        #expect(early.id == late.id && early.timestamp != late.timestamp)
    }

    /// Only ids whose text can be written again are held by their bits: two texts are never one id.
    @Test func whatIsNearlyAnIDIsHashed() {
        let texts = [
            "2014-746c39cf-9fb0-4ed1-a817-d57bc901e027",
            "derived-746c39cf9fb04ed1a817d57bc901e027",
        ]
        for text in texts {
            #expect(MessageID(text).exactText == text)
            var seen: Set<MessageID> = [MessageID(text)]
            for place in text.indices {
                for other in ["g", "A", "/", ":", "-", "\u{e9}"]
                where text[place] != Character(other) {
                    var near = text
                    near.replaceSubrange(place...place, with: other)
                    let id = MessageID(near)
                    #expect(id.exactText == nil && id.form == MessageID.hashedForm, "\(near)")
                    #expect(seen.insert(id).inserted, "\(near)")
                }
            }
            for near in [String(text.dropLast()), text + "0", " " + text, text.uppercased()] {
                #expect(MessageID(near).exactText == nil, "\(near)")
            }
        }
        #expect(MessageID("0999-746c39cf-9fb0-4ed1-a817-d57bc901e027").exactText == nil)
    }

    @Test func takesTheOwnID() throws {
        let bus = "2014-746c39cf-9fb0-4ed1-a817-d57bc901e027"
        for (text, id) in [
            ("\"\(bus)\"", MessageID(bus)), ("\"2014\\u002d\(bus.dropFirst(5))\"", MessageID(bus)),
            ("\"other\"", MessageID("other")), ("\"x\",\"msg_id\":\"other\"", MessageID("other")),
        ] {
            let record = try parser.parse("{\"topic\":\"t\",\"msg_id\":\(text)}").get()
            #expect(record.id == id, "\(text)")
        }
    }

    @Test func readsTimesToTheMicrosecond() throws {
        for (text, microseconds) in [
            ("1344350850.886738", 1_344_350_850_886_738), ("1400000000", 1_400_000_000_000_000),
            ("1400000000.0", 1_400_000_000_000_000), ("1400000000.000001", 1_400_000_000_000_001),
            ("1400000000.0000005", 1_400_000_000_000_001),
            ("1400000000.00000049999999999999999999", 1_400_000_000_000_000),
            ("1400000000.9999999", 1_400_000_001_000_000),
            ("1.4e9", 1_400_000_000_000_000), ("1.4E+09", 1_400_000_000_000_000),
            ("14000000000000000000e-10", 1_400_000_000_000_000),
            ("140000000012345678900000e-14", 1_400_000_000_123_457),
            ("0.0000014000000001234567e15", 1_400_000_000_123_457),
        ] {
            let record = try parser.parse("{\"topic\":\"t\",\"timestamp\":\(text)}").get()
            #expect(record.timestamp == Int64(microseconds), "\(text)")
            #expect(record.flags == 0)
        }
        let timeless = try parser.parse(#"{"topic":"t"}"#).get()
        #expect(timeless.timestamp == arrival.microseconds)
        #expect(timeless.flags == Record.Flags.arrivalTime)
    }

    /// Every whole second and random digits, against arithmetic on integers alone.
    @Test func agreesWithIntegers() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<5_000 {
            let whole = Int64.random(in: 946_684_800...1_790_000_000, using: &generator)
            let part = Int64.random(in: 0...999_999, using: &generator)
            let digits = String(1_000_000 + part).dropFirst()
            let time = "\(whole).\(digits)"
            let record = try parser.parse("{\"topic\":\"t\",\"timestamp\":\(time)}").get()
            #expect(record.timestamp == whole * 1_000_000 + part, "seed \(seed)")
        }
    }
}
