import Model
import Query

/// The parts of a reply, spelled out, whether it came by the socket or from the engine in this
/// process.
enum ReplyReading {
    /// The elements of a list; a value by itself is one, nothing is none.
    static func elements(_ reply: Reply) -> [Reply] {
        switch reply {
        case .null: []
        case .array(let elements): elements
        default: [reply]
        }
    }

    /// The rows of a list that have so many parts.
    static func rows(_ reply: Reply, of parts: Int) -> [[Reply]] {
        elements(reply).compactMap { row in
            if case .array(let found) = row, found.count == parts { found } else { nil }
        }
    }

    static func integer(_ reply: Reply) -> Int64 {
        if case .integer(let value) = reply { value } else { 0 }
    }

    static func text(_ reply: Reply) -> String {
        switch reply {
        case .integer(let value): "\(value)"
        case .double(let value): "\(value)"
        case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
        case .simple(let text), .error(let text): text
        case .null: "-"
        case .array(let elements): elements.map(text).joined(separator: " ")
        case .map(let entries): entries.map { "\(text($0.0)) \(text($0.1))" }.joined(separator: " ")
        case .pairs, .ranking, .messages: text(reply.spelledOut)
        }
    }

    /// Decimal seconds with six digits, as replies carry times; nil for anything else.
    static func time(_ reply: Reply) -> Timestamp? {
        let text = text(reply)
        let parts = text.split(separator: ".")
        guard parts.count == 2, parts[1].utf8.count == 6, let micros = Int64(parts[0] + parts[1])
        else { return nil }
        return Timestamp(microseconds: micros)
    }
}
