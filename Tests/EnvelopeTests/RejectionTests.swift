// What could go wrong: a malformed envelope is taken, or a good one that Python wrote is refused;
// the reason given is the wrong one; some bytes crash the parser or make it read outside of them.
import Envelope
import Model
import TestSupport
import Testing

@Suite struct RejectionTests {
    private let parser = EnvelopeParser(profile: .fedora)

    /// Each wrong envelope stands beside a right one that differs by as little as can be.
    private static let pairs: [(wrong: String, reason: Rejection, right: String)] = [
        ("", .notJSON, #"{"topic":"a"}"#),
        (#"{"topic":"a""#, .notJSON, #"{"topic":"a"}"#),
        (#"{"topic":"a",}"#, .notJSON, #"{"topic":"a","b":1}"#),
        (#"{"topic":"a"} x"#, .notJSON, #" {"topic":"a"} "#),
        (#"{"topic":"a"}{}"#, .notJSON, #"{"topic":"a","m":{}}"#),
        (#"{"topic":"a" "m":1}"#, .notJSON, #"{"topic":"a" , "m":1}"#),
        (#"{"topic":"a","m":[1,]}"#, .notJSON, #"{"topic":"a","m":[1]}"#),
        (#"{"topic":"a","m":[,1]}"#, .notJSON, #"{"topic":"a","m":[[],1]}"#),
        (#"{"topic":"a","m":{,}}"#, .notJSON, #"{"topic":"a","m":{}}"#),
        (#"{"topic":"a","m":[}}"#, .notJSON, #"{"topic":"a","m":[]}"#),
        (#"{"topic":"a","m":01}"#, .notJSON, #"{"topic":"a","m":0}"#),
        (#"{"topic":"a","m":1.}"#, .notJSON, #"{"topic":"a","m":1.0}"#),
        (#"{"topic":"a","m":.5}"#, .notJSON, #"{"topic":"a","m":0.5}"#),
        (#"{"topic":"a","m":+1}"#, .notJSON, #"{"topic":"a","m":-1}"#),
        (#"{"topic":"a","m":1e}"#, .notJSON, #"{"topic":"a","m":1e400}"#),
        (#"{"topic":"a","m":nan}"#, .notJSON, #"{"topic":"a","m":NaN}"#),
        (#"{"topic":"a","m":+Infinity}"#, .notJSON, #"{"topic":"a","m":-Infinity}"#),
        (#"{"topic":"a","m":Infinit}"#, .notJSON, #"{"topic":"a","m":Infinity}"#),
        (#"{"topic":"a","m":True}"#, .notJSON, #"{"topic":"a","m":true}"#),
        (#"{"topic":"a","m":nulls}"#, .notJSON, #"{"topic":"a","m":null}"#),
        (#"{"topic":"a","m":1 2}"#, .notJSON, #"{"topic":"a","m":12345678901234567890123}"#),
        (#"{"topic":"a","m":"\x"}"#, .notJSON, #"{"topic":"a","m":"\u0041"}"#),
        (#"{"topic":"a","m":"\u12g4"}"#, .notJSON, #"{"topic":"a","m":"\ud800"}"#),
        (#"{"topic":"a","m":"\u12"}"#, .notJSON, #"{"topic":"a","m":"\\u12"}"#),
        ("{\"topic\":\"a\",\"m\":\"\n\"}", .notJSON, "{\"topic\":\"a\",\n\"m\":\"\\n\"}"),
        (#"{"topic":"a","m":"x"y}"#, .notJSON, #"{"topic":"a","m":"x"}"#),
        (#"{"topic":"a","m":1"x"}"#, .notJSON, #"{"topic":"a","m":"1x"}"#),
        (#"{'topic':'a'}"#, .notJSON, #"{"topic":"'a'"}"#),
        (#"{"topic":"a",1:2}"#, .notJSON, #"{"topic":"a","1":2}"#),
        (#"["topic","a"]"#, .notAnObject, #"{"topic":"a"}"#),
        ("null", .notAnObject, #"{"topic":"null"}"#),
        (#"{"m":1}"#, .topicMissing, #"{"m":1,"topic":"m"}"#),
        (#"{"topic":null}"#, .topicMissing, #"{"topic":"null"}"#),
        (#"{"topic":""}"#, .topicMissing, #"{"topic":" "}"#),
        (#"{"topic":"a","topic":""}"#, .topicMissing, #"{"topic":"","topic":"a"}"#),
        (#"{"topic":7}"#, .topicNotString, #"{"topic":"7"}"#),
        (#"{"topic":["a"]}"#, .topicNotString, #"{"topic":"[a]"}"#),
        (
            "{\"topic\":\"\(String(repeating: "a", count: Limits.nameBytesMax + 1))\"}",
            .topicTooLong, "{\"topic\":\"\(String(repeating: "a", count: Limits.nameBytesMax))\"}"
        ),
        (#"{"topic":"a","timestamp":true}"#, .timestampInvalid, #"{"topic":"a","timestamp":null}"#),
        (#"{"topic":"a","timestamp":"x"}"#, .timestampInvalid, #"{"topic":"a"}"#),
        (#"{"topic":"a","timestamp":NaN}"#, .timestampInvalid, #"{"topic":"a","m":NaN}"#),
        (#"{"topic":"a","timestamp":{}}"#, .timestampInvalid, #"{"topic":"a","timestamp":1e9}"#),
        (
            #"{"topic":"a","timestamp":946684799.999999}"#, .timestampOutOfRange,
            #"{"topic":"a","timestamp":946684800}"#
        ),
        (
            #"{"topic":"a","timestamp":1790604800.000001}"#, .timestampOutOfRange,
            #"{"topic":"a","timestamp":1790604800}"#
        ),
        (
            #"{"topic":"a","timestamp":1e400}"#, .timestampOutOfRange,
            #"{"topic":"a","timestamp":1.4e9}"#
        ),
        (
            #"{"topic":"a","timestamp":-1400000000}"#, .timestampOutOfRange,
            #"{"topic":"a","timestamp":1400000000}"#
        ),
    ]

    @Test func refusesTheWrongAndTakesTheRight() throws {
        for pair in Self.pairs {
            #expect(parser.parse(pair.wrong) == .failure(pair.reason), "\(pair.wrong)")
            let record = try parser.parse(pair.right).get()
            #expect(record.payload == Array(pair.right.utf8), "the payload stays as it is")
        }
    }

    @Test func comparesTheFrameWithTheTopic() throws {
        #expect(parser.parse(#"{"topic":"a.b"}"#, frameTopic: "a.") == .failure(.topicMismatch))
        #expect(parser.parse(#"{"topic":"a.b"}"#, frameTopic: "") == .failure(.topicMismatch))
        let escaped = try parser.parse(#"{"\u0074opic":"a\u002eb"}"#, frameTopic: "a.b").get()
        #expect(escaped.topic == "a.b")
    }

    @Test func boundsLengthAndDepth() throws {
        let frame = Array(#"{"topic":"a","m":""}"#.utf8)
        let fill = [UInt8](repeating: 0x20, count: Limits.payloadBytesMax - frame.count)
        #expect(try parser.parse(frame + fill).get().payload.count == Limits.payloadBytesMax)
        #expect(parser.parse(frame + fill + [0x20]) == .failure(.tooLong))
        let huge = [UInt8](repeating: UInt8(ascii: "["), count: 25 << 20)
        #expect(parser.parse(huge) == .failure(.tooLong))
        for (depth, isTaken) in [(Limits.jsonDepthMax - 1, true), (Limits.jsonDepthMax, false)] {
            for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                let opened = String(repeating: open, count: depth)
                let closed = String(repeating: close, count: depth)
                let outcome = parser.parse("{\"topic\":\"a\",\"msg\":\(opened)0\(closed)}")
                if isTaken {
                    #expect(throws: Never.self) { try outcome.get() }
                } else {
                    #expect(outcome == .failure(.tooDeep))
                }
            }
        }
        let brackets = [UInt8](repeating: UInt8(ascii: "["), count: 4 << 20)
        #expect(parser.parse(brackets) == .failure(.tooDeep))
    }

    @Test func refusesWhatIsNotUTF8() {
        let start = Array(#"{"topic":"a","m":""#.utf8)
        let end = Array(#""}"#.utf8)
        for bytes: [UInt8] in [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xf5, 0x80]] {
            #expect(parser.parse(start + bytes + end) == .failure(.notUTF8), "\(bytes)")
        }
    }

    /// Bytes changed, cut, doubled and made up at random, with an exact-sized copy each time, so
    /// that a sanitizer sees a read outside. What is taken must give back its payload.
    @Test func survivesAnyBytes() throws {
        var random = SystemRandomNumberGenerator()
        let seed = random.next()
        var generator = SeededGenerator(seed: seed)
        let seeds =
            Self.pairs.flatMap { [Array($0.wrong.utf8), Array($0.right.utf8)] }
            + derivedIDCases.map { Array("{\"topic\":\"\($0.topic)\",\"msg\":\($0.msg)}".utf8) }
        let alphabet =
            Array("{}[]:,\"\\u0019.eE+-NaInfity truelsmgpco\n".utf8) + [0xff, 0xed, 0xa0]
        var taken = 0
        for round in 0..<20_000 {
            var bytes = seeds[Int.random(in: 0..<seeds.count, using: &generator)]
            if round % 10 == 0 { bytes = [] }
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let at = Int.random(in: 0...bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes.insert(alphabet.randomElement(using: &generator) ?? 0, at: at)
                case 1: bytes.removeSubrange(at..<min(bytes.count, at + 3))
                case 2: bytes.insert(contentsOf: bytes.prefix(at), at: at)
                default:
                    if at < bytes.count { bytes[at] = .random(in: 0...255, using: &generator) }
                }
            }
            if case .success(let record) = parser.parse(bytes) {
                taken += 1
                #expect(record.payload == bytes && !record.topic.isEmpty, "seed \(seed)")
            }
        }
        #expect(taken > 100, "mutations leave some envelopes whole, seed \(seed)")
    }
}
