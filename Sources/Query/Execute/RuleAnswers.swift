import Engine
import Model
import Rules

/// Answers of rules: COUNT, SERIES, TOP, DISTINCT, LATEST and VALUES with RULE.
enum RuleAnswers {
    /// The reply, and the last sequence that it is of.
    static func reply(
        _ question: RuleQuestion, _ moment: borrowing RuleMoment,
        in snapshot: borrowing Snapshot
    ) throws -> (reply: Reply, covered: UInt64) {
        switch question.what {
        case .count:
            var cells = try RuleCells(question, grid: nil, moment, in: snapshot)
            var total: UInt64 = 0
            try cells.forEach(moment, in: snapshot) { total += $2.count }
            return (.integer(Int64(total)), cells.sources.covered)
        case .series(let grid, let fill):
            return try series(question, grid, fill, moment, in: snapshot)
        case .seriesBy(let grid, let key, let limit, let fill):
            return try seriesBy(question, grid, key, limit, fill, moment, in: snapshot)
        case .seriesDistinct(let grid, let word, let fill):
            return try RuleDistinct.series(question, grid, word, fill, moment, in: snapshot)
        case .top(let limit, let key, let except):
            return try top(question, limit, key, except, moment, in: snapshot)
        case .distinct(let word):
            return try RuleDistinct.total(question, word, moment, in: snapshot)
        case .latest(let key): return try RuleLatest.reply(question, key, moment, in: snapshot)
        case .values(let grid, let aggregate, let quantiles, let key):
            return try RuleValues(moment.program, aggregate, quantiles)
                .reply(question, grid, key, moment, in: snapshot)
        }
    }

    /// The place of a key.
    static func key(
        _ word: String, _ moment: borrowing RuleMoment
    ) throws(RequestError) -> Int {
        guard let place = moment.program.key(word) else {
            throw RequestError(noKey: word, moment.program.rule)
        }
        return place
    }

    /// The buckets of a series of counts.
    static func layout(
        _ question: RuleQuestion, _ grid: BucketGrid, _ fill: SeriesQuestion.Fill,
        in snapshot: borrowing Snapshot
    ) throws(RequestError) -> SeriesLayout {
        let series = SeriesQuestion(
            grid: grid, selection: Selection(range: question.range), fill: fill)
        return try SeriesLayout(series, snapshot.span(question.range))
    }

    private static func series(
        _ question: RuleQuestion, _ grid: BucketGrid, _ fill: SeriesQuestion.Fill,
        _ moment: borrowing RuleMoment, in snapshot: borrowing Snapshot
    ) throws -> (Reply, UInt64) {
        let layout = try layout(question, grid, fill, in: snapshot)
        var cells = try RuleCells(
            question.within(layout), grid: layout.grid, moment, in: snapshot)
        var counts = [Int64](repeating: 0, count: layout.numbers.count)
        try cells.forEach(moment, in: snapshot) { time, _, state in
            let place = layout.grid.number(of: time) - layout.numbers.lowerBound
            if counts.indices.contains(Int(place)) { counts[Int(place)] += Int64(state.count) }
        }
        return (.pairs(layout.pairs(counts)), cells.sources.covered)
    }

    private static func seriesBy(
        _ question: RuleQuestion, _ grid: BucketGrid, _ word: String, _ limit: Int,
        _ fill: SeriesQuestion.Fill, _ moment: borrowing RuleMoment,
        in snapshot: borrowing Snapshot
    ) throws -> (Reply, UInt64) {
        let key = try key(word, moment)
        let layout = try layout(question, grid, fill, in: snapshot)
        var cells = try RuleCells(
            question.within(layout), grid: layout.grid, moment, in: snapshot)
        var counts: [UInt32: [Int64: Int64]] = [:]
        var cellCount = 0
        try cells.forEach(moment, in: snapshot) { time, group, state in
            let number = layout.grid.number(of: time)
            if counts[group]?[number] == nil { cellCount += 1 }
            guard cellCount <= Limits.seriesCellsMax else { throw RequestError.tooManyCells }
            counts[group, default: [:]][number, default: 0] += Int64(state.count)
        }
        var named: [[UInt8]: [Int64]] = [:]
        for (group, buckets) in counts {
            let name = cells.values(group)[key]
            var line = named.removeValue(forKey: name) ?? []
            if line.isEmpty { line = Array(repeating: 0, count: layout.numbers.count) }
            for (number, count) in buckets where layout.numbers.contains(number) {
                line[Int(number - layout.numbers.lowerBound)] += count
            }
            named[name] = line
            guard named.count * layout.numbers.count <= Limits.seriesCellsMax else {
                throw RequestError.tooManyCells
            }
        }
        let ranked = named.map { (name: $0.key, count: $0.value.reduce(0, +)) }
            .sorted(by: Ranking.precedes).prefix(limit)
        let replies = ranked.map { entry in
            Reply.array([.bulk(entry.name), .pairs(layout.pairs(named[entry.name] ?? []))])
        }
        return (.array(replies), cells.sources.covered)
    }

    private static func top(
        _ question: RuleQuestion, _ limit: Int?, _ word: String, _ except: [[UInt8]],
        _ moment: borrowing RuleMoment, in snapshot: borrowing Snapshot
    ) throws -> (Reply, UInt64) {
        let key = try key(word, moment)
        var cells = try RuleCells(question, grid: nil, moment, in: snapshot)
        var counts: [UInt32: Int64] = [:]
        try cells.forEach(moment, in: snapshot) { counts[$1, default: 0] += Int64($2.count) }
        var named: [[UInt8]: Int64] = [:]
        for (group, count) in counts { named[cells.values(group)[key], default: 0] += count }
        for name in except { named[name] = nil }
        let ranked = named.map { (name: $0.key, count: $0.value) }.sorted(by: Ranking.precedes)
        return (
            .ranking(Array(ranked.prefix(limit ?? ranked.count))), cells.sources.covered
        )
    }
}

extension RequestError {
    static let tooManyCells = RequestError(
        "the series would have more than \(Limits.seriesCellsMax) pairs of a bucket and a name; "
            + "take wider buckets, a shorter range or filters")
}

extension RuleQuestion {
    /// Windows may leave out the range's ends.
    func within(_ layout: SeriesLayout) -> RuleQuestion {
        guard layout.hasWindows else { return self }
        var question = self
        question.range = TimeRange(lower: layout.span.start, upper: layout.span.end)
        return question
    }

    /// Whether words of the rule make the question, and not its range alone.
    var grid: BucketGrid? {
        switch what {
        case .series(let grid, _), .seriesBy(let grid, _, _, _), .seriesDistinct(let grid, _, _):
            grid
        case .values(let grid, _, _, _): grid
        default: nil
        }
    }
}
