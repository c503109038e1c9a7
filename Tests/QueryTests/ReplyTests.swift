import TestSupport
// What could go wrong: a reply of another shape than clients expect of RESP2 or RESP3, a number
// with a wrong digit, a text that breaks out of its line, or a reader that depends on how the bytes
// were cut.
import Testing

@testable import Query

@Suite struct ReplyTests {
    private static let exact: [(Reply, String, String)] = [
        (.integer(0), ":0\r\n", ":0\r\n"),
        (.integer(.max), ":9223372036854775807\r\n", ":9223372036854775807\r\n"),
        (.integer(.min), ":-9223372036854775808\r\n", ":-9223372036854775808\r\n"),
        (.integer(-10), ":-10\r\n", ":-10\r\n"),
        (.bulk([]), "$0\r\n\r\n", "$0\r\n\r\n"),
        (.text("a\r\nb"), "$4\r\na\r\nb\r\n", "$4\r\na\r\nb\r\n"),
        (.ok, "+OK\r\n", "+OK\r\n"),
        (.error("ERR a\r\nb"), "-ERR a  b\r\n", "-ERR a  b\r\n"),
        (.null, "$-1\r\n", "_\r\n"),
        (.double(1.5), "$3\r\n1.5\r\n", ",1.5\r\n"),
        (.double(-.infinity), "$4\r\n-inf\r\n", ",-inf\r\n"),
        (.array([]), "*0\r\n", "*0\r\n"),
        (.array([.integer(1), .null]), "*2\r\n:1\r\n$-1\r\n", "*2\r\n:1\r\n_\r\n"),
        (.map([(.ok, .integer(1))]), "*2\r\n+OK\r\n:1\r\n", "%1\r\n+OK\r\n:1\r\n"),
        (
            .pairs([(Int64(3600), Int64(12)), (Int64(-7200), Int64(9))]),
            "*2\r\n*2\r\n:3600\r\n:12\r\n*2\r\n:-7200\r\n:9\r\n",
            "*2\r\n*2\r\n:3600\r\n:12\r\n*2\r\n:-7200\r\n:9\r\n"
        ),
        (
            .ranking([(name: Array("ab".utf8), count: Int64(5))]), "*1\r\n*2\r\n$2\r\nab\r\n:5\r\n",
            "*1\r\n*2\r\n$2\r\nab\r\n:5\r\n"
        ),
    ]

    @Test(arguments: exact.indices) func bytesOnTheWire(row: Int) {
        let (reply, two, three) = ReplyTests.exact[row]
        var encoder = ReplyEncoder(.resp2)
        encoder.append(reply)
        #expect(String(decoding: encoder.bytes, as: UTF8.self) == two)
        encoder = ReplyEncoder(.resp3)
        encoder.append(reply)
        #expect(String(decoding: encoder.bytes, as: UTF8.self) == three)
    }

    /// The same reply in the forms that a reader can tell apart.
    private static func plain(_ reply: Reply) -> Reply {
        switch reply {
        case .pairs(let pairs):
            .array(pairs.map { .array([.integer($0.0), .integer($0.1)]) })
        case .ranking(let rows):
            .array(rows.map { .array([.bulk($0.name), .integer($0.count)]) })
        case .array(let elements): .array(elements.map(plain))
        case .map(let entries): .map(entries.map { (plain($0.0), plain($0.1)) })
        default: reply
        }
    }

    private static func random(_ random: inout SeededGenerator, depth: Int) -> Reply {
        let number = { (random: inout SeededGenerator) -> Int64 in
            Int64(truncatingIfNeeded: random.next()) >> Int64.random(in: 0..<64, using: &random)
        }
        let name = { (random: inout SeededGenerator) -> [UInt8] in
            (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
        }
        let count = Int.random(in: 0..<6, using: &random)
        switch Int.random(in: 0..<(depth > 4 ? 7 : 9), using: &random) {
        case 0: return .integer(number(&random))
        case 1: return .bulk(name(&random))
        case 2: return .simple("text \(count)")
        case 3: return .null
        case 4: return .double(Double(number(&random)) / 8)
        case 5: return .pairs((0..<count).map { _ in (number(&random), number(&random)) })
        case 6: return .ranking((0..<count).map { _ in (name(&random), number(&random)) })
        case 7: return .array((0..<count).map { _ in Self.random(&random, depth: depth + 1) })
        default:
            return .map(
                (0..<count).map { _ in
                    (Self.random(&random, depth: depth + 1), Self.random(&random, depth: depth + 1))
                })
        }
    }

    @Test func roundTripInFragments() throws {
        let seed: UInt64 = 7
        var random = SeededGenerator(seed: seed)
        for round in 0..<300 {
            let replies = (0..<5).map { _ in Self.random(&random, depth: 0) }
            var encoder = ReplyEncoder(.resp3)
            for reply in replies { encoder.append(reply) }
            var decoder = ReplyDecoder()
            var read: [Reply] = []
            var rest = encoder.bytes[...]
            let longest = round % 3 == 0 ? 1 : 60
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...longest, using: &random))
                rest = rest[piece.endIndex...]
                decoder.append(piece)
                while let reply = try decoder.next() { read.append(reply) }
            }
            #expect(read == replies.map(Self.plain), "seed \(seed), round \(round)")
            #expect(decoder.isEmpty)
        }
    }

    @Test(arguments: [
        "?\r\n", "$x\r\n", "$-2\r\n", "*-2\r\n", "$1\r\nabc", "%-1\r\n", "\r\n", ",x\r\n",
    ])
    func refusesWhatIsNoReply(text: String) {
        var decoder = ReplyDecoder()
        decoder.append(Array(text.utf8))
        #expect(throws: ReplyDecoder.Malformed.self) { try decoder.next() }
    }
}
