// What could go wrong: a request that depends on how its bytes were cut, a byte of one request
// taken for another's, quoting that differs from Redis's, memory promised to a client that only
// claims to send much, or a crash on bytes that are no request.
import Model
import TestSupport
import Testing

@testable import Query

@Suite struct RequestDecoderTests {
    /// All requests of a stream that is cut into pieces by `length`.
    private func requests(
        _ bytes: [UInt8], _ length: () -> Int
    ) throws -> [[[UInt8]]] {
        var decoder = RequestDecoder()
        var found: [[[UInt8]]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(length()))
            rest = rest.dropFirst(piece.count)
            try piece.withUnsafeBytes { raw in
                var offset = 0
                while try decoder.read(raw, from: &offset) {
                    if let refusal = decoder.refusal { throw refusal }
                    found.append((0..<decoder.words.count).map { Array(decoder.words[$0]) })
                }
                #expect(offset == raw.count)
            }
        }
        #expect(!decoder.isAmidRequest)
        return found
    }

    private func encoded(_ words: [[UInt8]]) -> [UInt8] {
        var bytes = Array("*\(words.count)\r\n".utf8)
        for word in words {
            bytes += Array("$\(word.count)\r\n".utf8) + word + [13, 10]
        }
        return bytes
    }

    @Test func anyFragmentsGiveTheSameRequests() throws {
        let seed: UInt64 = 99
        var random = SeededGenerator(seed: seed)
        for round in 0..<200 {
            var stream: [UInt8] = []
            var expected: [[[UInt8]]] = []
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                if Bool.random(using: &random) {
                    let words = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                        (0..<Int.random(in: 0...70, using: &random)).map { _ in
                            UInt8.random(in: 0...255, using: &random)
                        }
                    }
                    stream += encoded(words)
                    expected.append(words)
                } else {
                    let end = Bool.random(using: &random) ? "\r\n" : "\n"
                    stream += Array(" PING  \"a\\n\" \(round)\(end)".utf8)
                    expected.append(["PING", "a\n", "\(round)"].map { Array($0.utf8) })
                }
                // Empty lines and empty arrays are passed over.
                if Int.random(in: 0..<4, using: &random) == 0 {
                    stream += Array("\r\n*0\r\n*-1\r\n".utf8)
                }
            }
            #expect(try requests(stream) { stream.count } == expected, "seed \(seed)")
            #expect(try requests(stream) { 1 } == expected, "seed \(seed), byte by byte")
            #expect(
                try requests(stream) { Int.random(in: 1...20, using: &random) } == expected,
                "seed \(seed), round \(round)")
        }
    }

    /// Checked against `redis-cli` and Redis's own `sdssplitargs`.
    @Test(arguments: [
        ("SET a b", ["SET", "a", "b"]), ("\tSET  a\t b ", ["SET", "a", "b"]),
        (#"ECHO "a b""#, ["ECHO", "a b"]),
        (#"ECHO "\x00\xfF\n\r\t\b\a\"\\\q""#, ["ECHO", "\0\u{FF}\n\r\t\u{8}\u{7}\"\\q"]),
        (#"ECHO 'a "b" \n \' c'"#, ["ECHO", #"a "b" \n ' c"#]),
        (#"ECHO a"b c""#, ["ECHO", "ab c"]),
        (#"ECHO "" ''"#, ["ECHO", "", ""]), (#"ECHO "\x4""#, ["ECHO", "x4"]),
        (#"append {"a": "b"}  "#, ["append", #"{"a": "b"}  "#]),
        (#"APPEND '{"a":1}' x"#, ["APPEND", #"{"a":1}"#, "x"]),
        (#"APPENDIX {"a": "b"}"#, ["APPENDIX", "{a:", "b}"]),
    ])
    func quoting(line: String, expected: [String]) throws {
        if line.hasPrefix("APPENDIX") {
            // Quotes within a word open it, and what follows the closing one must be a space.
            #expect(throws: RequestError.self) { try requests(Array((line + "\n").utf8)) { 100 } }
            return
        }
        let words = expected.map { $0.unicodeScalars.map { UInt8($0.value) } }
        #expect(try requests(Array((line + "\r\n").utf8)) { 1_000 } == [words])
    }

    private static let refused: [(String, String)] = [
        ("*1\r\nPING\r\n", "a word begins with 'P'; accepted: $ and its length"),
        ("*x\r\n", "a request of 'x' words; accepted: at most 16384"),
        ("*16385\r\n", "a request of '16385' words; accepted: at most 16384"),
        ("*1\r\n$-1\r\n", "a word of '-1' bytes; accepted: at most 4194304"),
        ("*1\r\n$4194305\r\n", "a word of '4194305' bytes; accepted: at most 4194304"),
        (
            "*1\r\n$99999999999999999999\r\n",
            "a word of '99999999999999999999' bytes; accepted: at most 4194304"
        ),
        ("*1\r\n$1\r\nab\r\n", "a bulk string is longer than its length says"),
        ("*1\r\n$1\r\nabcdefgh", "a line of more than 2 bytes"),
        ("*" + String(repeating: "1", count: 40), "a line of more than 32 bytes"),
    ]

    /// A line that is no request ends where it ends, and the next one is read.
    @Test func afterALineThatIsNoneTheNextIsRead() throws {
        let unbalanced =
            "the line's quotes are not balanced; accepted: a closing quote, and a space or the end "
            + "behind it"
        let lines = [
            ("ECHO \"a\r\n", unbalanced), ("ECHO 'a'b\n", unbalanced), ("'\n", unbalanced),
            (
                "ECHO " + String(repeating: "x", count: 65_600) + "\n",
                "a line of 65605 bytes; accepted: at most 65536"
            ),
            (
                String(repeating: "x ", count: 16_400) + "\n",
                "a line of more than 16384 words; accepted: at most so many"
            ),
        ]
        var decoder = RequestDecoder()
        for (line, sentence) in lines {
            try (Array(line.utf8) + encoded([Array("PING".utf8)])).withUnsafeBytes { raw in
                var offset = 0
                let isRead = try decoder.read(raw, from: &offset)
                #expect(isRead && decoder.words.count == 0)
                #expect(decoder.refusal?.sentence == sentence)
                let isNextRead = try decoder.read(raw, from: &offset)
                #expect(isNextRead)
                #expect(decoder.refusal == nil && Array(decoder.words[0]) == Array("PING".utf8))
                #expect(offset == raw.count)
            }
        }
    }

    @Test(arguments: refused.indices) func refuses(row: Int) {
        let (text, sentence) = RequestDecoderTests.refused[row]
        do {
            let found = try requests(Array(text.utf8)) { 4_096 }
            Issue.record("\(text.prefix(60)) was read as \(found.count) requests")
        } catch let error as ProtocolError {
            #expect(error.sentence == sentence)
        } catch {
            Issue.record("\(error)")
        }
    }

    /// Two words that fit one by one and not together.
    @Test func requestsHaveALimitOverAllWords() {
        let word = [UInt8](repeating: 120, count: Limits.requestWordBytesMax)
        #expect(throws: ProtocolError.self) { try requests(encoded([word, word])) { 1 << 16 } }
        #expect(throws: Never.self) { try requests(encoded([[120], word])) { 1 << 16 } }
    }

    @Test func noiseNeverCrashes() {
        let seed: UInt64 = 5
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("*$:0123456789-\r\n\"'\\x aPING".utf8)
        for _ in 0..<20_000 {
            var decoder = RequestDecoder()
            let noise = (0..<Int.random(in: 1...60, using: &random)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            do {
                try noise.withUnsafeBytes { raw in
                    var offset = 0
                    while try decoder.read(raw, from: &offset) {
                        if decoder.refusal == nil { check(decoder.words) }
                    }
                    #expect(offset == raw.count)
                }
            } catch let error as ProtocolError {
                #expect(!error.sentence.isEmpty)
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
        }
    }

    /// Whatever the words are, they are a request or a sentence of one line.
    private func check(_ words: Words) {
        #expect(words.count > 0)
        do {
            _ = try RequestParser.parse(words, now: Timestamp(seconds: 0))
        } catch {
            #expect(!error.sentence.utf8.contains(where: { $0 < 32 || $0 > 126 }))
        }
    }
}
