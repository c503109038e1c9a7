import Query

/// A reply as one JSON value: lists as arrays, nothing as null. Bytes that are no UTF-8 become
/// U+FFFD.
enum ReplyJSON {
    /// The reply to a question, with envelopes as the JSON that they are.
    static func text(
        of reply: Reply, as shape: AnswerTable.Shape, withSequence: Bool
    ) -> String {
        let (answer, sequence) = AnswerTable.parts(reply, withSequence: withSequence)
        let value = text(of: answer, as: shape)
        return sequence.map { list([text(of: $0), value]) } ?? value
    }

    private static func text(of reply: Reply, as shape: AnswerTable.Shape) -> String {
        switch (shape, reply) {
        case (.envelope, .bulk(let bytes)):
            return EnvelopeJSON.text(of: bytes)
        case (.latest, .array(let rows)):
            // A rule gives texts in the envelope's place.
            return list(rows.map(withEnvelopeLast))
        case (.messages, .array(let page)), (.page, .array(let page)):
            guard page.count == 2, case .array(let rows) = page[1] else { break }
            return list([text(of: page[0]), list(rows.map(withEnvelopeLast))])
        default: break
        }
        return text(of: reply)
    }

    /// A row of a listing: its last part is an envelope.
    static func withEnvelopeLast(_ row: Reply) -> String {
        guard case .array(let parts) = row, case .bulk(let envelope)? = parts.last else {
            return text(of: row)
        }
        return list(parts.dropLast().map(text) + [EnvelopeJSON.text(of: envelope)])
    }

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
        case .pairs, .ranking, .messages: text(of: reply.spelledOut)
        }
    }

    private static func list(_ elements: [String]) -> String {
        "[" + elements.joined(separator: ",") + "]"
    }

    private static func key(_ reply: Reply) -> String {
        let text = text(of: reply)
        return text.hasPrefix("\"") ? text : quoted(text)
    }

    static func quoted(_ text: String) -> String {
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
