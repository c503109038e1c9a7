import Engine
import Model
import Rules

/// What a rule has for one question: cells of buckets and groups, in parts that are to be merged.
struct RuleCells {
    let sources: RuleSources
    private var groups: RuleGroupFilter

    init(
        _ question: RuleQuestion, grid: BucketGrid?, _ moment: borrowing RuleMoment,
        in snapshot: borrowing Snapshot
    ) throws(RequestError) {
        groups = try RuleGroupFilter(question, moment)
        sources = try RuleSources(question.range, grid: grid, moment, in: snapshot)
    }

    /// Calls `body` with every cell of the groups that are asked for.
    mutating func forEach(
        _ moment: borrowing RuleMoment, in snapshot: borrowing Snapshot,
        _ body: (_ time: Timestamp, _ group: UInt32, _ state: GroupState) throws -> Void
    ) throws {
        for piece in sources.pieces {
            var looked = 0
            try moment.forEach(width: piece.width, starts: piece.starts) { start, group, state in
                looked += 1
                if looked % 1_024 == 0 { try snapshot.checkStopped() }
                guard groups.accepts(group) else { return }
                try body(Timestamp(seconds: start), group, state)
            }
        }
        guard !sources.span.isEmpty, sources.tail != nil || !sources.edges.isEmpty else { return }
        var scan = RuleScan(snapshot.names)
        try evaluateTail(&scan, moment, in: snapshot, body)
        for edge in sources.edges where moment.position > 0 {
            try evaluate(
                &scan, 1...moment.position, edge.lower..<edge.upper, moment, in: snapshot, body)
        }
    }

    /// All newest messages are looked at, whatever their times: which groups are kept apart is a
    /// matter of the log's order.
    private mutating func evaluateTail(
        _ scan: inout RuleScan, _ moment: borrowing RuleMoment, in snapshot: borrowing Snapshot,
        _ body: (Timestamp, UInt32, GroupState) throws -> Void
    ) throws {
        guard let tail = sources.tail else { return }
        let span = sources.span
        try evaluate(&scan, tail, nil, moment, in: snapshot) { time, group, state in
            guard time.microseconds >= span.lower, time.microseconds < span.upper else { return }
            try body(time, group, state)
        }
    }

    private mutating func evaluate(
        _ scan: inout RuleScan, _ sequences: ClosedRange<UInt64>, _ times: Range<Int64>?,
        _ moment: borrowing RuleMoment, in snapshot: borrowing Snapshot,
        _ body: (Timestamp, UInt32, GroupState) throws -> Void
    ) throws {
        let program = moment.program
        var found = 0
        // The closure below may not hold what is only borrowed.
        var known = groups
        defer { groups = known }
        try scan.run(sequences, span: times, of: snapshot.segments, [program]) {
            (_, time, key, contribution) throws in
            found += 1
            if found % 64 == 0 { try snapshot.checkStopped() }
            guard times == nil || found <= Limits.ruleEdgeMessagesMax else {
                throw RequestError(tooManyBetween: program)
            }
            guard let key else { throw RequestError(goneBetween: program) }
            let group = known.number(of: key, moment.number(of: key))
            guard known.accepts(group) else { return }
            try body(Timestamp(microseconds: time), group, contribution.state(program))
        }
    }

    /// The value of a key of a group; of all keys, one after the other.
    func values(_ group: UInt32) -> [[UInt8]] { groups.values(group) }
}

/// Which groups a question asks for, and how the newest ones are numbered.
private struct RuleGroupFilter {
    private let keyCount: Int
    private let limit: Int
    private var texts: GroupTexts
    /// Groups of messages that the rule has not computed yet.
    private var added: [[UInt8]: UInt32] = [:]
    private let any: [[NamePattern]]
    private let none: [[NamePattern]]
    /// By group: 0 for not looked at, 1 for no, 2 for yes.
    private var known: [UInt8] = []

    init(_ question: RuleQuestion, _ moment: borrowing RuleMoment) throws(RequestError) {
        let rule = moment.program.rule
        var any = rule.keys.map { _ in [NamePattern]() }
        var none = any
        for filter in question.filters {
            guard let place = moment.program.key(filter.key) else {
                throw RequestError(noKey: filter.key, rule)
            }
            var dimension = Dimension.user
            if case .dimension(let own) = rule.keys[place].source { dimension = own }
            let pattern = NamePattern(filter.name, of: dimension)
            if filter.isExcluded { none[place].append(pattern) } else { any[place].append(pattern) }
        }
        self.any = any
        self.none = none
        keyCount = rule.keys.count
        limit = rule.groupsMax
        texts = moment.texts
    }

    /// - Parameter number: what the rule says.
    mutating func number(of key: [UInt8], _ number: UInt32?) -> UInt32 {
        if let number { return number }
        if let number = added[key] { return number }
        guard texts.hasRoom(for: key, limit: limit) else { return 0 }
        texts.append(key)
        added[key] = UInt32(texts.count)
        return UInt32(texts.count)
    }

    mutating func accepts(_ group: UInt32) -> Bool {
        let place = Int(group)
        while known.count <= place { known.append(0) }
        if known[place] == 0 { known[place] = decide(group) ? 2 : 1 }
        return known[place] == 2
    }

    private func decide(_ group: UInt32) -> Bool {
        // Whose values are not known has none that is asked for, and none that is left out.
        guard group > 0 else { return any.allSatisfy(\.isEmpty) }
        let values = values(group)
        for (place, value) in values.enumerated() {
            if !any[place].isEmpty, !any[place].contains(where: { $0.matches(value) }) {
                return false
            }
            if none[place].contains(where: { $0.matches(value) }) { return false }
        }
        return true
    }

    func values(_ group: UInt32) -> [[UInt8]] {
        texts.values(group, keys: keyCount)
    }
}

extension RequestError {
    init(noKey word: String, _ rule: Rule) {
        let keys = rule.keys.map(\.name).joined(separator: ", ")
        self.init(
            "the rule \(rule.name) has no key \(quoted(word.utf8)); accepted: "
                + (keys.isEmpty ? "none, it has no keys" : keys))
    }

    init(noAggregate word: String, _ rule: Rule, _ accepted: [String]) {
        self.init(
            "the rule \(rule.name) has no such aggregate \(quoted(word.utf8)); accepted: "
                + (accepted.isEmpty ? "none, it has none" : accepted.joined(separator: ", ")))
    }

    fileprivate init(tooManyBetween program: RuleProgram) {
        let widths = program.rule.widths.map { RuleWords.text(ofSeconds: $0.seconds) }
        self.init(
            "more than \(Limits.ruleEdgeMessagesMax) messages lie between whole buckets of the "
                + "rule \(program.rule.name); accepted: ranges and buckets made of "
                + widths.joined(separator: ", ") + " that it keeps")
    }

    fileprivate init(goneBetween program: RuleProgram) {
        let widths = program.rule.widths.map { RuleWords.text(ofSeconds: $0.seconds) }
        self.init(
            gone: "retention has dropped payloads of messages between whole buckets of the rule "
                + "\(program.rule.name); accepted: ranges and buckets made of "
                + widths.joined(separator: ", ") + " that it keeps")
    }
}
