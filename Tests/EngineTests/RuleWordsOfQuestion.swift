import Model
import Query
import TestSupport

/// Writes questions about rules as a client would.
enum RuleWordsOfQuestion {
    /// Nil where a name is no text.
    static func words(_ question: RuleQuestion, _ random: inout SeededGenerator) -> [String]? {
        var options = question.filters.map { filter in
            (filter.isExcluded ? ["NOT"] : [])
                + [
                    random.chance(50) ? filter.key : filter.key.uppercased(),
                    String(decoding: filter.name, as: UTF8.self),
                ]
        }
        if let lower = question.range.lower { options.append(["FROM", seconds(lower)]) }
        if let upper = question.range.upper { options.append(["to", seconds(upper)]) }
        let rule = ["RULE", question.rule]
        var start: [String]
        switch question.what {
        case .count: start = ["COUNT"] + rule
        case .series(let grid, _): start = ["SERIES", grid.every.text] + rule + zone(grid)
        case .seriesBy(let grid, let key, _, _):
            start = ["SERIES", grid.every.text, "BY", key] + rule + zone(grid)
        case .seriesDistinct(let grid, let word, _):
            start = ["SERIES", grid.every.text, "DISTINCT", word] + rule + zone(grid)
        case .top(let limit, let key, _):
            start = ["TOP", limit.map { "\($0)" } ?? "ALL", key] + rule
        case .distinct(let word): start = ["DISTINCT", word] + rule
        case .latest(let key): start = ["LATEST"] + (key.map { ["BY", $0] } ?? []) + rule
        case .values(let grid, let aggregate, let quantiles, let key):
            start =
                ["VALUES", grid?.every.text ?? "TOTAL"] + rule + [aggregate]
                + (key.map { ["BY", $0] } ?? []) + quantiles.flatMap { ["QUANTILE", "\($0)"] }
                + (grid.map(zone) ?? [])
        }
        // Repeats of a key keep their order; what else follows may stand anywhere.
        for option in options { start += option }
        return start
    }

    private static func zone(_ grid: BucketGrid) -> [String] {
        grid.zone == .utc ? [] : ["TZ", grid.zone.name]
    }

    private static func seconds(_ time: Timestamp) -> String {
        let decimals = String(1_000_000 + time.microseconds % 1_000_000).dropFirst()
        return "\(time.microseconds / 1_000_000).\(decimals)"
    }
}
