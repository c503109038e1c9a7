import Model
import Query

/// Replies as people read them: a line per row, columns aligned.
enum ReplyPrinter {
    /// How the elements of a list are to be read.
    enum Shape {
        /// A number, a text, or nothing.
        case scalar
        /// [start, count], or [name, [[start, count] ...]]: starts are seconds.
        case series
        /// [name, count].
        case ranking
        /// [first, last, total].
        case seen
        /// [cursor, [[sequence, time, envelope] ...]].
        case messages
        /// [name, sequence, time, envelope].
        case latest
        /// [next sequence, [[sequence, envelope] ...]].
        case page
    }

    /// The lines that show `reply`.
    /// - Parameter withSequence: the reply is [sequence, reply], as AT makes it.
    static func lines(_ reply: Reply, as shape: Shape, withSequence: Bool = false) -> [String] {
        if withSequence, case .array(let parts) = reply, parts.count == 2 {
            return lines(parts[1], as: shape) + ["at sequence \(text(parts[0]))"]
        }
        switch (shape, reply) {
        case (_, .null):
            return ["nothing found"]
        case (.series, _):
            return table(series(reply))
        case (.latest, _):
            return rows(reply).map { row in
                "\(text(row[0]))  \(text(row[1]))  \(date(text: row[2]))  \(text(row[3]))"
            }
        case (.page, .array(let parts)) where parts.count == 2:
            return rows(parts[1]).map { "\(text($0[0]))  \(text($0[1]))" }
                + ["next: FROM \(text(parts[0]))"]
        case (.ranking, _):
            return table(rows(reply).map { [text($0[0]), text($0[1])] })
        case (.seen, .array(let parts)) where parts.count == 3:
            return table([
                ["first", date(text: parts[0])], ["last", date(text: parts[1])],
                ["total", text(parts[2])],
            ])
        case (.messages, .array(let parts)) where parts.count == 2:
            let listed = rows(parts[1]).map { row in
                "\(text(row[0]))  \(date(text: row[1]))  \(text(row[2]))"
            }
            if case .null = parts[0] { return listed }
            return listed + ["more: AFTER \(text(parts[0]))"]
        case (_, .array(let elements)):
            return elements.map(text)
        default:
            return text(reply).split(separator: "\r\n").map(String.init)
        }
    }

    /// [start, count], or [name, start, count] where there is a series for each name.
    private static func series(_ reply: Reply) -> [[String]] {
        rows(reply).flatMap { row in
            switch row[1] {
            case .pairs, .array:
                rows(row[1]).map { [text(row[0]), date(integer($0[0])), text($0[1])] }
            default: [[date(integer(row[0])), text(row[1])]]
            }
        }
    }

    private static func rows(_ reply: Reply) -> [[Reply]] {
        switch reply {
        case .pairs(let pairs): pairs.map { [.integer($0.0), .integer($0.1)] }
        case .ranking(let names): names.map { [.bulk($0.name), .integer($0.count)] }
        case .array(let elements):
            elements.map { element in
                if case .array(let parts) = element { parts } else { [element] }
            }
        default: []
        }
    }

    /// First column left, the others right.
    private static func table(_ rows: [[String]]) -> [String] {
        guard let columns = rows.first?.count else { return ["nothing found"] }
        let widths = (0..<columns).map { column in
            rows.map { $0[column].count }.max() ?? 0
        }
        return rows.map { row in
            row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return column == 0 ? row[0] + padding : padding + row[column]
            }.joined(separator: "  ")
        }
    }

    private static func integer(_ reply: Reply) -> Int64 {
        if case .integer(let value) = reply { value } else { 0 }
    }

    static func text(_ reply: Reply) -> String {
        switch reply {
        case .integer(let value): "\(value)"
        case .double(let value): "\(value)"
        case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
        case .simple(let text): text
        case .error(let text): text
        case .null: "-"
        case .array(let elements): elements.map(text).joined(separator: " ")
        case .map(let entries): entries.map { "\(text($0.0)) \(text($0.1))" }.joined(separator: " ")
        case .pairs(let pairs): pairs.map { "\($0.0) \($0.1)" }.joined(separator: " ")
        case .ranking(let names):
            names.map { "\(String(decoding: $0.name, as: UTF8.self)) \($0.count)" }
                .joined(separator: " ")
        }
    }

    /// Decimal seconds as a date; the decimals are kept where there are any.
    private static func date(text reply: Reply) -> String {
        let parts = text(reply).split(separator: ".")
        guard let whole = parts.first, let seconds = Int64(whole) else { return text(reply) }
        let decimals = parts.count > 1 ? parts[1] : ""
        return date(seconds).dropLast() + (decimals == "000000" ? "" : "." + decimals) + "Z"
    }

    /// 2026-01-31T08:00:00Z
    static func date(_ seconds: Int64) -> String {
        let days = seconds.floorDivided(by: 86_400)
        let second = seconds - days * 86_400
        let civil = CivilDate(daysSinceEpoch: days)
        let two = { (value: Int64) in value < 10 ? "0\(value)" : "\(value)" }
        return "\(civil.year)-\(two(civil.month))-\(two(civil.day))"
            + "T\(two(second / 3_600)):\(two(second / 60 % 60)):\(two(second % 60))Z"
    }
}
