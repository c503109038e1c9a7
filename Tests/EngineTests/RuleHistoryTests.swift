// What could go wrong: a rule misses or repeats messages where it catches up with the newest ones,
// after a kill, a restart, a seal, a merge, a restore or a rebuild; a late or repeated message
// counts differently from one in time; a range's odd ends, a group past the limit, or an aggregate
// merged in another order give another answer; or words mean something else than the question.
// So: random rules over random histories, created before, between and after the messages, cut short
// at random, each answer held against closures over an array of messages.
import Engine
import MessageLog
import Model
import Query
import Rules
import TestSupport
import Testing

@Suite struct RuleHistoryTests {
    /// From 1 on, or from `TALLYLOG_SEED`.
    static let seeds = Amount.seed...Amount.seed + 99
    /// Rules over all seeds; `TALLYLOG_RULES` asks for more.
    static let rules = Amount.of("TALLYLOG_RULES", 5_000)

    @Test(arguments: seeds)
    func everyAnswerIsTheModels(seed: UInt64) throws {
        var history = try RuleHistory(seed: seed)
        try history.run(rules: (Self.rules + 99) / 100)
    }
}

/// One store and its model, going through the same.
struct RuleHistory {
    private let seed: UInt64
    private let directory = TemporaryDirectory()
    private var options: Engine.Options
    private var stores = 0
    private var source: RandomHistory
    private var random: SeededGenerator
    private var model = ReferenceModel()
    private var messages: [RuledMessage] = []
    private var rules: [NaiveRule] = []
    private var made = 0
    private var opened: Engine?
    private var steps: [String] = []

    init(seed: UInt64) throws {
        self.seed = seed
        source = RandomHistory(seed: seed)
        random = SeededGenerator(seed: seed &* 15_485_863)
        options = smallOptions(
            journalBytes: random.pick([16, 32, 64]) << 10,
            segmentRecords: random.pick([20, 50, 70]), seed: seed)
        options.rules.batchRows = UInt64(random.pick([7, 40, 8_192]))
        options.rules.rowsMin = UInt64(random.pick([1, 30]))
        options.rules.foldRows = UInt64(random.pick([1, 20, 60]))
        try open()
    }

    private var store: String { directory.path + "/store\(stores)" }

    private var engine: Engine {
        guard let opened else { preconditionFailure("the store is open") }
        return opened
    }

    private mutating func open() throws {
        // Half of all closings leave what was not folded, as a kill does.
        options.rules.foldsAtClose = random.chance(50)
        opened = try Engine(directory: store, options: options)
    }

    private mutating func close() throws {
        try engine.close()
        opened = nil
    }

    mutating func run(rules count: Int) throws {
        while made < count {
            try append(1 + random.below(60))
            for _ in 0..<3 { try createOrDrop() }
            try disturb()
            for _ in 0..<4 { try ask() }
        }
        try checkRebuild()
        try close()
    }

    private mutating func append(_ count: Int) throws {
        let new = source.messages(count)
        // Records about rules have sequences too.
        model.end = engine.progress.counters.end
        for _ in 0..<(random.chance(20) ? 2 : 1) {
            _ = try EngineTests.append(new, to: engine)
            for message in new { _ = model.append(message) }
        }
        messages = model.kept.map(RuledMessage.init)
        steps.append("append \(count)")
    }

    private mutating func createOrDrop() throws {
        if rules.count > 5 || !rules.isEmpty && random.chance(10) {
            let rule = rules.remove(at: random.below(rules.count))
            steps.append("drop \(rule.rule.name)")
            try engine.dropRule(rule.rule.name)
        }
        made += 1
        let rule = NaiveRule("rule\(made)", &random)
        steps.append("create \(rule.rule.canonicalText)")
        _ = try engine.create(rule.rule)
        rules.append(rule)
    }

    private mutating func disturb() throws {
        switch random.below(100) {
        case 0..<30:
            steps.append("reopen")
            try close()
            try open()
        case 30..<40:
            steps.append("compact")
            try engine.compact()
        case 40..<48:
            steps.append("rebuild")
            try close()
            _ = try Engine.rebuild(directory: store, options: options)
            try open()
        case 48..<53:
            steps.append("restore")
            let copy = directory.path + "/copy"
            _ = try engine.backup(to: copy)
            try close()
            stores += 1
            _ = try Engine.restore(from: copy, to: store)
            try open()
        default: break
        }
    }

    private mutating func ask() throws {
        guard !rules.isEmpty else { return }
        let rule = random.pick(rules)
        let question = self.question(rule)
        if random.chance(50) {
            #expect(engine.waitForRule(rule.rule.name, milliseconds: 30_000), place(question))
        }
        try checkWords(question)
        let answer = Executor.answer(.rule(question), withSequence: true, from: engine)
        if case .error(let text) = answer, text.hasPrefix("ERR the series would have more than"),
            rule.isTooWide(question, messages)
        {
            return
        }
        guard case .array(let parts) = answer, parts.count == 2,
            case .integer(let sequence) = parts[0]
        else {
            Issue.record("\(place(question)): \(answer)")
            return
        }
        // Complete up to the sequence that the answer names: all that is there, here.
        #expect(UInt64(sequence) == engine.progress.counters.end, place(question))
        let expected = rule.answer(question, messages)
        let isRight = Self.matches(parts[1], expected, question)
        #expect(
            isRight, "\(place(question)): \(parts[1]), not \(expected), \(messages.count) messages")
    }

    /// The question's words mean the question.
    private mutating func checkWords(_ question: RuleQuestion) throws {
        guard let words = RuleWordsOfQuestion.words(question, &random) else { return }
        let parsed = try RequestParser.parse(
            Words(words.map { Array($0.utf8) }), now: Timestamp(microseconds: 0))
        #expect(parsed == .question(.rule(question), withSequence: false), "\(words)")
    }

    private func place(_ question: RuleQuestion) -> Comment {
        Comment(rawValue: "seed \(seed), after \(steps): \(question)")
    }

    /// Quantiles may be off by 1/128 of their value.
    private static func matches(_ one: Reply, _ other: Reply, _ question: RuleQuestion) -> Bool {
        guard case .values(_, "spread", _, _) = question.what else {
            return one.spelledOut == other.spelledOut
        }
        switch (one, other) {
        case (.array(let left), .array(let right)):
            return left.count == right.count
                && zip(left, right).allSatisfy { matches($0, $1, question) }
        case (.bulk(let left), .bulk(let right)):
            if left == right { return true }
            guard let found = Double(String(decoding: left, as: UTF8.self)),
                let meant = Double(String(decoding: right, as: UTF8.self))
            else { return false }
            return abs(found - meant) <= abs(meant) / 128
        default: return one == other
        }
    }

    private mutating func question(_ rule: NaiveRule) -> RuleQuestion {
        let keys = rule.rule.keys.map(\.name)
        let grid = self.grid(rule.rule)
        let hasAggregates = !rule.rule.aggregates.isEmpty
        var kinds: [RuleQuestion.What] = [.count, .series(grid, fill: .none)]
        let aggregate = random.pick(["total", "least", "most", "kinds", "spread", "count"])
        let quantiles = aggregate == "spread" ? [0.5, 0.9, 0.99] : []
        if hasAggregates {
            kinds.append(.latest(key: keys.randomElement(using: &random)))
            kinds.append(.latest(key: nil))
            kinds.append(.distinct(word: "kinds"))
            kinds.append(.seriesDistinct(grid, word: "kinds", fill: .none))
            let key = random.chance(50) ? keys.randomElement(using: &random) : nil
            kinds.append(
                .values(
                    random.chance(50) ? grid : nil, aggregate: aggregate, quantiles: quantiles,
                    key: key))
        }
        if let key = keys.randomElement(using: &random) {
            kinds.append(.top(limit: random.chance(50) ? 3 : nil, key: key, except: []))
            kinds.append(.distinct(word: key))
            kinds.append(.seriesBy(grid, key: key, limit: 10_000, fill: .none))
        }
        var filters: [RuleQuestion.KeyFilter] = []
        if let key = keys.randomElement(using: &random), random.chance(40) {
            let facts = rule.facts(messages)
            for _ in 0...random.below(2) {
                guard let fact = facts.randomElement(using: &random) else { continue }
                let value = fact.values[Int(key.dropFirst(3)) ?? 0]
                filters.append(
                    RuleQuestion.KeyFilter(
                        key: key, name: Array(value.utf8), isExcluded: random.chance(30)))
            }
        }
        return RuleQuestion(
            rule: rule.rule.name, random.pick(kinds), filters: filters, range: range())
    }

    /// Buckets that are made of whole ones, or, since the messages are few, of none.
    private mutating func grid(_ rule: Rule) -> BucketGrid {
        let every = random.pick([
            Every(1, .hour), Every(1, .day), Every(6, .hour), Every(1, .week), Every(1, .month),
            // Seconds of forty days are more than one series may have.
            Every(rule.widths[min(1, rule.widths.count - 1)].seconds, .second),
        ])
        if every.unit != .hour, random.chance(20), let zone = Zone(named: "America/St_Johns") {
            return BucketGrid(every, zone: zone)
        }
        return BucketGrid(every)
    }

    private mutating func range() -> TimeRange {
        if random.chance(30) { return .all }
        var ends = (0..<2).map { _ -> Int64 in
            var seconds =
                RandomHistory.start
                + Int64(random.below(Int(RandomHistory.days) * 86_400))
            if random.chance(60) { seconds -= seconds % random.pick([60, 3_600, 86_400]) }
            return seconds * 1_000_000 + (random.chance(20) ? 123_456 : 0)
        }.sorted()
        if ends[0] == ends[1] { ends[1] += 1 }
        return TimeRange(
            lower: random.chance(80) ? Timestamp(microseconds: ends[0]) : nil,
            upper: random.chance(80) ? Timestamp(microseconds: ends[1]) : nil)
    }

    /// What was computed along the way, whatever happened, is byte for byte what the log gives at
    /// once.
    private mutating func checkRebuild() throws {
        options.rules.foldsAtClose = true
        options.rules.foldSeconds = 0
        for rule in rules {
            #expect(engine.waitForRule(rule.rule.name, milliseconds: 30_000))
        }
        try close()
        opened = try Engine(directory: store, options: options)
        let kept = try rules.map { try folded($0.rule.name) }
        try close()
        _ = try Engine.rebuild(directory: store, options: options)
        opened = try Engine(directory: store, options: options)
        for (rule, bytes) in zip(rules, kept) {
            let again = try folded(rule.rule.name)
            #expect(again == bytes, "seed \(seed), \(rule.rule.canonicalText), after \(steps)")
        }
    }

    /// The bytes that are stored once all is folded.
    private func folded(_ name: String) throws -> [UInt8] {
        #expect(engine.waitForRule(name, milliseconds: 30_000))
        return try engine.foldedDump(rule: name, milliseconds: 30_000)
    }
}
