import Glibc
import Model
import Query
import TestSupport

/// Writes questions as a client would: the grammar of PROTOCOL.md, from the other side.
struct QuestionWords {
    var random: SeededGenerator

    /// The words of `question`; nil where no request says it.
    /// - Parameter id: the text of an id of which a question knows only the value.
    mutating func words(_ question: Question, id: (MessageID) -> String) -> [String]? {
        switch question {
        case .count(let selection): ["COUNT"] + shuffled(parts(selection))
        case .series(let series): self.series(series)
        case .top(let top): self.top(top)
        case .distinct(let dimension, let selection):
            ["DISTINCT", name(dimension)] + shuffled(parts(selection))
        case .names(let names): self.names(names)
        case .seen(let seen):
            ["SEEN", name(seen.dimension), text(seen.name)] + filter(seen.filter)
        case .messages(let messages):
            ["MESSAGES"]
                + shuffled(
                    parts(messages.selection)
                        + [
                            messages.contains.flatMap { ["CONTAINS", text($0)] },
                            ["ORDER", messages.order == .ascending ? "asc" : "desc"],
                            ["LIMIT", "\(messages.limit)"],
                        ])
        case .latest(let dimension, let selection):
            ["LATEST", "BY", name(dimension)] + shuffled(parts(selection))
        case .get(let wanted): ["GET", id(wanted)]
        case .rule: nil
        case .read(let read):
            ["READ", "FROM", read.from.map { "\($0)" } ?? "$"]
                + shuffled([filter(read.filter), ["LIMIT", "\(read.limit)"]])
        }
    }

    private mutating func top(_ top: TopQuestion) -> [String] {
        ["TOP", top.limit.map { "\($0)" } ?? "all", name(top.dimension)]
            + shuffled(
                parts(top.selection)
                    + [
                        top.level.map { ["LEVEL", "\($0)"] } ?? [],
                        top.except.flatMap { ["EXCEPT", text($0)] },
                    ])
    }

    private mutating func names(_ names: NamesQuestion) -> [String]? {
        // NEW goes with a range that has an end at least.
        if names.new == .all { return nil }
        return ["NAMES", name(names.dimension)]
            + shuffled([
                names.prefix.isEmpty ? [] : ["PREFIX", text(names.prefix)],
                names.new.map { ["NEW"] + range($0).flatMap { $0 } } ?? [],
                ["LIMIT", "\(names.limit)"],
            ])
    }

    private mutating func series(_ series: SeriesQuestion) -> [String]? {
        // Windows of days have one width in UTC only.
        let isEven = [.second, .minute, .hour].contains(series.grid.every.unit)
        if series.grid.windows != nil, !isEven, series.grid.zone != .utc { return nil }
        return ["SERIES", series.grid.every.text] + shuffled(parts(series))
    }

    private mutating func parts(_ series: SeriesQuestion) -> [[String]] {
        let grid = series.grid
        var parts = parts(series.selection)
        if grid.zone != .utc || random.chance(20) { parts.append(["TZ", grid.zone.name]) }
        if let origin = grid.origin { parts.append(["ORIGIN", time(origin)]) }
        if let windows = grid.windows { parts.append(["STEP", "\(windows.step)s"]) }
        if let distinct = series.distinct { parts.append(["DISTINCT", name(distinct)]) }
        if let by = series.by {
            parts.append(["BY", name(by.dimension)])
            parts.append(["LIMIT", "\(by.limit)"])
            if let level = by.level { parts.append(["LEVEL", "\(level)"]) }
        }
        if series.fill == .zero || random.chance(20) { parts.append(["FILL", "\(series.fill)"]) }
        return parts
    }

    private mutating func parts(_ selection: Selection) -> [[String]] {
        [filter(selection.filter)] + range(selection.range)
    }

    private mutating func range(_ range: TimeRange) -> [[String]] {
        [
            range.lower.map { ["FROM", time($0)] } ?? [],
            range.upper.map { ["TO", time($0)] } ?? [],
        ]
    }

    /// In the order of the clauses: what is asked is the same in any order, the value is not.
    private func filter(_ filter: Filter) -> [String] {
        let clauses = filter.any.map { ([], $0) } + filter.none.map { (["NOT"], $0) }
        return clauses.flatMap { (not: [String], clause: Filter.Clause) in
            clause.patterns.flatMap { pattern in
                let name =
                    switch pattern {
                    case .name(let bytes): text(bytes)
                    case .prefix(let bytes): text(bytes) + "*"
                    }
                return not + [(clause.dimension.word ?? "").uppercased(), name]
            }
        }
    }

    private mutating func name(_ dimension: Dimension) -> String {
        let word = dimension.word ?? ""
        return random.chance(50) ? word : word.uppercased()
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// Seconds with decimals, or a date with a time of day in one of three offsets.
    private mutating func time(_ time: Timestamp) -> String {
        let fraction = time.microseconds - time.seconds * 1_000_000
        let decimals = fraction == 0 ? "" : "." + String(1_000_000 + fraction).dropFirst()
        if random.chance(50) { return "\(time.seconds)\(decimals)" }
        let offset = random.pick([0, 5 * 60 + 45, -3 * 60 - 30])
        var shifted = time_t(time.seconds) + offset * 60
        var parts = tm()
        gmtime_r(&shifted, &parts)
        let date = [Int(parts.tm_year) + 1_900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)]
        let clock = [Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec)]
        let minutes = abs(offset)
        let zone =
            offset == 0
            ? "Z" : (offset < 0 ? "-" : "+") + two(minutes / 60) + ":" + two(minutes % 60)
        return date.map(two).joined(separator: "-") + "T" + clock.map(two).joined(separator: ":")
            + decimals + zone
    }

    private func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private mutating func shuffled(_ parts: [[String]]) -> [String] {
        parts.shuffled(using: &random).flatMap { $0 }
    }
}
