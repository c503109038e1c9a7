import Query

/// A reply as one JSON value: lists as arrays, nothing as null. Bytes that are no UTF-8 become
/// U+FFFD.
enum ReplyJSON {
    static func text(of reply: Reply) -> String {
        switch reply {
        case .integer(let value): "\(value)"
        case .double(let value): value.isFinite ? "\(value)" : "null"
        case .bulk(let bytes): quoted(String(decoding: bytes, as: UTF8.self))
        case .simple(let text), .error(let text): quoted(text)
        case .null: "null"
        case .array(let elements): list(elements.map(text))
        case .map(let entries):
            "{" + entries.map { "\(key($0.0)):\(text(of: $0.1))" }.joined(separator: ",") + "}"
        case .pairs(let pairs): list(pairs.map { list(["\($0.0)", "\($0.1)"]) })
        case .ranking(let names):
            list(
                names.map {
                    list([quoted(String(decoding: $0.name, as: UTF8.self)), "\($0.count)"])
                })
        }
    }

    private static func list(_ elements: [String]) -> String {
        "[" + elements.joined(separator: ",") + "]"
    }

    private static func key(_ reply: Reply) -> String {
        let text = text(of: reply)
        return text.hasPrefix("\"") ? text : quoted(text)
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\" + String(scalar)
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\r": quoted += "\\r"
            case ..<" ":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
