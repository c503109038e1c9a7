import Model
import Query

/// A reply as rows and columns, before anybody decides how they are written.
struct AnswerTable {
    enum Cell {
        case number(Int64)
        /// A name or a line, as it came.
        case text(String)
        case time(Timestamp)
        /// A message, as JSON.
        case envelope([UInt8])

        /// - Parameter label: how a time is written.
        func text(_ label: (Timestamp) -> String) -> String {
            switch self {
            case .number(let value): "\(value)"
            case .text(let text): text
            case .time(let time): label(time)
            case .envelope(let bytes): String(decoding: bytes, as: UTF8.self)
            }
        }
    }

    /// What stands above each column.
    var titles: [String]
    var rows: [[Cell]] = []
    /// The same as series, where that is what was asked for.
    private(set) var series: SeriesAnswer?
    /// What is not a row: how a listing continues, which sequence the answer belongs to.
    var notes: [String] = []

    /// The forms that replies have.
    enum Shape {
        /// A number, a text, or a list of them; what they are.
        case values(String)
        /// [[start, count] ...], or [[name, [[start, count] ...]] ...]: starts are seconds.
        case series
        /// [[name, count] ...].
        case ranking
        /// [first, last, total].
        case seen
        /// [cursor, [[sequence, time, envelope] ...]].
        case messages
        /// [[name, sequence, time, envelope] ...].
        case latest
        /// [next sequence, [[sequence, envelope] ...]].
        case page
        /// An envelope.
        case envelope
        /// Lines `key:value` below lines `# Section`.
        case figures
        /// One value, or [[start, value] ...], or either for each name; by the question.
        case amounts
        /// [[name, state, sequence, groups, others, lacking, from, bytes, definition, error] ...].
        case rules
        /// [[number, feed, reason, from, to or nil, state, detail] ...].
        case gaps
    }

    init(_ reply: Reply, as shape: Shape, of question: AskedQuestion) {
        let (reply, sequence) = Self.parts(reply, withSequence: question.withSequence)
        switch shape {
        case .values(let title):
            titles = [title]
            rows = ReplyReading.elements(reply).map { [Self.value($0)] }
        case .series:
            let named = question.series?.by != nil || question.rule?.isNamed == true
            titles = (named ? ["name"] : []) + ["start", "count"]
            let answer = SeriesAnswer(reply, named: named)
            rows = answer.rows
            series = answer
        case .ranking:
            titles = ["name", "count"]
            rows = ReplyReading.rows(reply, of: 2).map { [Self.text($0[0]), Self.value($0[1])] }
        case .seen:
            titles = ["first", "last", "total"]
            rows = ReplyReading.rows(.array([reply]), of: 3).map {
                [Self.time($0[0]), Self.time($0[1]), Self.value($0[2])]
            }
        case .messages:
            titles = ["sequence", "time", "envelope"]
            guard case .array(let page) = reply, page.count == 2 else { break }
            rows = ReplyReading.rows(page[1], of: 3).map {
                [Self.value($0[0]), Self.time($0[1]), Self.envelope($0[2])]
            }
            if page[0] != .null { notes = ["more: AFTER \(ReplyReading.text(page[0]))"] }
        case .latest where question.rule != nil:
            titles = ["name", "sequence", "time", "texts"]
            rows = ReplyReading.rows(reply, of: 4).map {
                [Self.text($0[0]), Self.value($0[1]), Self.time($0[2]), Self.text($0[3])]
            }
        case .latest:
            titles = ["name", "sequence", "time", "envelope"]
            rows = ReplyReading.rows(reply, of: 4).map {
                [Self.text($0[0]), Self.value($0[1]), Self.time($0[2]), Self.envelope($0[3])]
            }
        case .page:
            titles = ["sequence", "envelope"]
            guard case .array(let page) = reply, page.count == 2 else { break }
            rows = ReplyReading.rows(page[1], of: 2).map {
                [Self.value($0[0]), Self.envelope($0[1])]
            }
            notes = ["next: FROM \(ReplyReading.text(page[0]))"]
        case .envelope:
            titles = ["envelope"]
            rows = reply == .null ? [] : [[Self.envelope(reply)]]
        case .amounts:
            let answer = AmountsAnswer(reply, question.rule)
            (titles, rows) = (answer.titles, answer.rows)
        case .rules:
            (titles, rows) = Self.rules(reply)
        case .gaps:
            titles = ["gap", "feed", "reason", "from", "to", "state", "detail"]
            rows = ReplyReading.rows(reply, of: 7).map {
                [
                    Self.value($0[0]), Self.text($0[1]), Self.text($0[2]), Self.time($0[3]),
                    Self.time($0[4]), Self.text($0[5]), Self.text($0[6]),
                ]
            }
        case .figures:
            titles = ["section", "key", "value"]
            rows = Self.figures(ReplyReading.text(reply))
        }
        if let sequence { notes.append("at sequence \(ReplyReading.text(sequence))") }
    }

    /// The answer, and its sequence where the question ended with AT.
    static func parts(_ reply: Reply, withSequence: Bool) -> (answer: Reply, sequence: Reply?) {
        guard withSequence, case .array(let parts) = reply, parts.count == 2 else {
            return (reply, nil)
        }
        return (parts[1], parts[0])
    }

    private static func value(_ reply: Reply) -> Cell {
        if case .integer(let value) = reply { .number(value) } else { text(reply) }
    }

    private static func text(_ reply: Reply) -> Cell { .text(ReplyReading.text(reply)) }

    private static func time(_ reply: Reply) -> Cell {
        ReplyReading.time(reply).map { .time($0) } ?? text(reply)
    }

    private static func envelope(_ reply: Reply) -> Cell {
        if case .bulk(let bytes) = reply { .envelope(bytes) } else { text(reply) }
    }

    private static func rules(_ reply: Reply) -> (titles: [String], rows: [[Cell]]) {
        // What CREATE and DROP say.
        guard case .array = reply else { return (["rule"], [[text(reply)]]) }
        let titles = [
            "rule", "state", "sequence", "groups", "others", "lacking", "from", "bytes", "error",
        ]
        let rows = ReplyReading.rows(reply, of: 10).map { row in
            row[..<2].map(text) + row[2..<6].map(value)
                + [time(row[6]), value(row[7]), text(row[9])]
        }
        return (titles, rows)
    }

    private static func figures(_ lines: String) -> [[Cell]] {
        var section = ""
        return lines.split(separator: "\r\n").compactMap { line in
            if line.hasPrefix("# ") {
                section = String(line.dropFirst(2))
                return nil
            }
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? String(parts[1]) : ""
            return [.text(section), .text(String(parts[0])), .text(value)]
        }
    }
}
