import Engine
import Model
import Rules

/// VALUES: what an aggregate has become, in all or per bucket, for all groups or each value of a
/// key.
struct RuleValues {
    private enum Wanted {
        case count
        case part(Int)
    }

    private let wanted: Wanted
    private let quantiles: [Double]

    init(
        _ program: RuleProgram, _ word: String, _ quantiles: [Double]
    ) throws(RequestError) {
        self.quantiles = quantiles.isEmpty ? RuleQuestion.usualQuantiles : quantiles
        if word == RuleWords.count {
            wanted = .count
            return
        }
        let names = program.rule.aggregates.filter {
            if case .latest = $0.kind { false } else { true }
        }.map(\.name)
        guard names.contains(word), let place = program.aggregate(word) else {
            throw RequestError(noAggregate: word, program.rule, [RuleWords.count] + names)
        }
        wanted = .part(place)
        guard quantiles.isEmpty || program.shapes[place] == .quantiles else {
            throw RequestError(
                "QUANTILE is of aggregates of quantiles, which \(quoted(word.utf8)) is not; "
                    + "accepted: without it")
        }
    }

    private struct Place: Hashable {
        var group: UInt32
        var number: Int64
    }

    func reply(
        _ question: RuleQuestion, _ grid: BucketGrid?, _ word: String?,
        _ moment: borrowing RuleMoment, in snapshot: borrowing Snapshot
    ) throws -> (reply: Reply, covered: UInt64) {
        let key = try word.map { word throws(RequestError) in try RuleAnswers.key(word, moment) }
        var cells = try RuleCells(question, grid: grid, moment, in: snapshot)
        guard grid?.windows == nil else { throw RequestError.noWindows }
        let found = try cells.merged(moment, in: snapshot) { time, group in
            Place(group: key == nil ? 0 : group, number: grid?.number(of: time) ?? 0)
        }
        guard let key else {
            let line = found.map { (number: $0.key.number, state: $0.value) }
            return (reply(line, grid) ?? .null, cells.sources.covered)
        }
        var named: [[UInt8]: [Int64: GroupState]] = [:]
        for (place, state) in found {
            let name = cells.values(place.group)[key]
            if named[name]?[place.number]?.merge(state) == nil {
                named[name, default: [:]][place.number] = state
            }
        }
        let rows = named.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .compactMap { name, line in
                reply(line.map { (number: $0.key, state: $0.value) }, grid).map {
                    Reply.array([.bulk(name), $0])
                }
            }
        return (.array(rows), cells.sources.covered)
    }

    /// One value, or one for each bucket that has any; nil for no value at all.
    private func reply(
        _ line: [(number: Int64, state: GroupState)], _ grid: BucketGrid?
    ) -> Reply? {
        guard let grid else { return line.first.flatMap { value(of: $0.state) } }
        let pairs = line.sorted { $0.number < $1.number }.compactMap { bucket in
            value(of: bucket.state).map {
                Reply.array([.integer(grid.start(of: bucket.number).seconds), $0])
            }
        }
        return .array(pairs)
    }

    /// Nil where there was no number.
    private func value(of state: GroupState) -> Reply? {
        guard case .part(let place) = wanted else { return .integer(Int64(state.count)) }
        switch state.parts[place] {
        case .sum(let sum): return sum.count == 0 ? nil : .text(sum.total.text)
        case .min(let extreme), .max(let extreme): return extreme.number.map { .text($0.text) }
        case .distinct(let sketch): return .integer(sketch.estimate)
        case .quantiles(let sketch):
            let values = quantiles.compactMap { sketch.quantile($0) }
            return values.isEmpty ? nil : .array(values.map { .text($0.text) })
        case .latest: return nil
        }
    }
}
