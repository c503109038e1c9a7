import Model
import Query

/// The parts of a reply, whether it came by the socket or from the engine in this process.
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
        let rows: [[Reply]] =
            switch reply {
            case .pairs(let pairs): pairs.map { [.integer($0.0), .integer($0.1)] }
            case .ranking(let names): names.map { [.bulk($0.name), .integer($0.count)] }
            default:
                elements(reply).compactMap { row in
                    if case .array(let parts) = row { parts } else { nil }
                }
            }
        return rows.filter { $0.count == parts }
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
        case .pairs(let pairs): pairs.map { "\($0.0) \($0.1)" }.joined(separator: " ")
        case .ranking(let names):
            names.map { "\(String(decoding: $0.name, as: UTF8.self)) \($0.count)" }
                .joined(separator: " ")
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
