import Model
import Query

/// The reply to VALUES: one value, or one for each bucket, or either for each name. A value is a
/// number, or several where quantiles are asked for.
struct AmountsAnswer {
    private(set) var titles: [String] = []
    private(set) var rows: [[AnswerTable.Cell]] = []

    init(_ reply: Reply, _ question: RuleQuestion?) {
        guard case .values(let grid, let aggregate, let quantiles, let key)? = question?.what
        else { return }
        let isNamed = key != nil
        titles = (isNamed ? [key ?? ""] : []) + (grid == nil ? [] : ["start"])
        if quantiles.isEmpty {
            titles.append(aggregate)
        } else {
            titles += quantiles.map { "\($0)" }
        }
        for (name, part) in isNamed ? Self.named(reply) : [(nil, reply)] {
            let before = name.map { [AnswerTable.Cell.text($0)] } ?? []
            if grid == nil {
                if part != .null { rows.append(before + Self.cells(part)) }
                continue
            }
            for pair in ReplyReading.rows(part, of: 2) {
                let start = Timestamp(seconds: ReplyReading.integer(pair[0]))
                rows.append(before + [.time(start)] + Self.cells(pair[1]))
            }
        }
        // Quantiles that were not named are those that the protocol gives.
        if let row = rows.first, row.count > titles.count {
            titles = titles.dropLast() + RuleQuestion.usualQuantiles.map { "\($0)" }
        }
    }

    private static func named(_ reply: Reply) -> [(String?, Reply)] {
        ReplyReading.rows(reply, of: 2).map { (ReplyReading.text($0[0]), $0[1]) }
    }

    private static func cells(_ value: Reply) -> [AnswerTable.Cell] {
        ReplyReading.elements(value).map { part in
            if case .integer(let number) = part { return .number(number) }
            let text = ReplyReading.text(part)
            return Int64(text).map { .number($0) } ?? .text(text)
        }
    }
}

extension RuleQuestion {
    /// Whether a series stands under each name.
    var isNamed: Bool { if case .seriesBy = what { true } else { false } }
}
