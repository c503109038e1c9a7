/// An answer as a value, encoded by `ReplyEncoder` as RESP2 or RESP3.
public enum Reply: Sendable {
    case integer(Int64)
    /// RESP3 `,`; in RESP2 a bulk string.
    case double(Double)
    /// Bytes of any kind.
    case bulk([UInt8])
    /// A short ASCII text without line ends.
    case simple(String)
    /// RESP3 `_`; in RESP2 the null bulk string.
    case null
    case array([Reply])
    /// RESP3 `%`; in RESP2 a flat array of keys and values.
    case map([(Reply, Reply)])
    /// An error: a code in capitals, a space, a sentence. Line ends become spaces.
    case error(String)
    /// [[integer, integer] ...]: a series, without a value per element.
    case pairs([(Int64, Int64)])
    /// [[name, integer] ...]: a ranking, without a value per element.
    case ranking([(name: [UInt8], count: Int64)])
    /// [[sequence, time, envelope] ...]: a listing, without a value per element.
    case messages(MessageRows)

    public static let ok = Reply.simple("OK")

    /// A bulk string of text.
    public static func text(_ text: String) -> Reply { .bulk(Array(text.utf8)) }

    /// The same with a value per element: what a client makes of it.
    public var spelledOut: Reply {
        switch self {
        case .array(let elements): .array(elements.map(\.spelledOut))
        case .map(let entries): .map(entries.map { ($0.0.spelledOut, $0.1.spelledOut) })
        case .pairs(let pairs):
            .array(pairs.map { .array([.integer($0.0), .integer($0.1)]) })
        case .ranking(let ranking):
            .array(ranking.map { .array([.bulk($0.name), .integer($0.count)]) })
        case .messages(let rows): rows.spelledOut
        default: self
        }
    }
}

extension Reply: Equatable {
    public static func == (left: Reply, right: Reply) -> Bool {
        switch (left, right) {
        case (.integer(let one), .integer(let other)): one == other
        case (.double(let one), .double(let other)): one == other
        case (.bulk(let one), .bulk(let other)): one == other
        case (.simple(let one), .simple(let other)): one == other
        case (.null, .null): true
        case (.array(let one), .array(let other)): one == other
        case (.map(let one), .map(let other)): one.elementsEqual(other, by: ==)
        case (.error(let one), .error(let other)): one == other
        case (.pairs(let one), .pairs(let other)): one.elementsEqual(other, by: ==)
        case (.ranking(let one), .ranking(let other)): one.elementsEqual(other, by: ==)
        case (.messages(let one), .messages(let other)): one == other
        default: false
        }
    }
}
