import Engine
import Model
import Rules

/// LATEST with RULE: of every group, or every value of a key, the newest message's texts.
enum RuleLatest {
    static func reply(
        _ question: RuleQuestion, _ word: String?, _ moment: borrowing RuleMoment,
        in snapshot: borrowing Snapshot
    ) throws -> (reply: Reply, covered: UInt64) {
        let program = moment.program
        let key = try word.map { word throws(RequestError) in try RuleAnswers.key(word, moment) }
        var fields: [String] = []
        var place = 0
        for (number, aggregate) in program.rule.aggregates.enumerated() {
            guard case .latest(let texts) = aggregate.kind else { continue }
            fields = texts.map(\.name)
            place = number
        }
        guard !fields.isEmpty else {
            throw RequestError(
                "the rule \(program.rule.name) keeps no newest message; accepted: rules with an "
                    + "aggregate latest")
        }
        var cells = try RuleCells(question, grid: nil, moment, in: snapshot)
        var newest: [[[UInt8]]: LatestEntry] = [:]
        let found = try cells.merged(moment, in: snapshot) { _, group in group }
        for (group, state) in found {
            guard case .latest(let entry) = state.parts[place] else { continue }
            let values = cells.values(group)
            let name = key.map { [values[$0]] } ?? values
            if newest[name]?.merge(entry) == nil { newest[name] = entry }
        }
        guard newest.count <= Limits.replyRowsMax else {
            throw RequestError(
                "LATEST has \(newest.count) names; accepted: at most "
                    + "\(Limits.replyRowsMax), add filters or a range")
        }
        let rows = newest.sorted { left, right in
            left.key.lexicographicallyPrecedes(right.key) { $0.lexicographicallyPrecedes($1) }
        }.compactMap { name, entry -> Reply? in
            guard let message = entry.message else { return nil }
            let label: Reply =
                key == nil ? .array(name.map { .bulk($0) }) : .bulk(name.first ?? [])
            return .array([
                label, .integer(Int64(message.sequence)),
                .bulk(Timestamp(microseconds: message.time).decimalText),
                .map(
                    zip(fields, message.texts).map { name, text in
                        (.text(name), text.map { .bulk($0) } ?? .null)
                    }),
            ])
        }
        return (.array(rows), cells.sources.covered)
    }
}
