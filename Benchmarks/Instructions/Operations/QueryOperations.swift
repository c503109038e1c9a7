import Model
import Query

enum QueryOperations {
    static let all: [(name: String, prepare: Operations.Preparation)] = [
        ("read 100 requests from their bytes", { reading(parses: false) }),
        ("read and parse 100 requests", { reading(parses: true) }),
        ("encode a series of 720 hours", { encoding(.pairs(hours)) }),
        ("encode a ranking of 100 names", { encoding(.ranking(names)) }),
    ]

    private static let hours = (0..<720).map { (Int64(1_767_225_600 + $0 * 3_600), Int64($0 * 7)) }
    private static let names = (0..<100).map {
        (name: Array("person\($0 * 37)".utf8), count: Int64(10_000 - $0 * 91))
    }

    /// Pipelined, a series for each of a hundred topics.
    private static func reading(parses: Bool) -> (Int) throws -> Void {
        let text = (0..<100).map { number -> String in
            let words = [
                "SERIES", "1h", "TOPIC", "org.example.prod.service\(number).change", "FROM",
                "2026-01-01", "TO", "2026-01-31",
            ]
            return "*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
        }
        let bytes = Array(text.joined().utf8)
        return { times in
            var decoder = RequestDecoder()
            for _ in 0..<times {
                try bytes.withUnsafeBytes { all in
                    var offset = 0
                    var requests = 0
                    while try decoder.read(all, from: &offset) {
                        requests += 1
                        guard parses else { continue }
                        use(try RequestParser.parse(decoder.words, now: Timestamp(seconds: 0)))
                    }
                    precondition(requests == 100, "every request is read")
                }
            }
        }
    }

    private static func encoding(_ reply: Reply) -> (Int) -> Void {
        { times in
            var encoder = ReplyEncoder()
            for _ in 0..<times {
                encoder.removeAll()
                encoder.append(reply)
            }
            use(encoder.bytes.count)
        }
    }
}
