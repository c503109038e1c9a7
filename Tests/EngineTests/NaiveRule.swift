// Rules as a naive model has them: closures over messages, all of which are looked at for each
// question.
import Engine
import Foundation
import Model
import Query
import Rules
import TestSupport

/// A message with its JSON.
struct RuledMessage {
    var model: ModelMessage
    var body: [String: Any]

    init(_ model: ModelMessage) {
        self.model = model
        let whole = try? JSONSerialization.jsonObject(with: Data(model.envelope.utf8))
        body = (whole as? [String: Any])?["msg"] as? [String: Any] ?? [:]
    }

    func text(_ key: String) -> [String] {
        if let text = body[key] as? String { return [text] }
        if let number = body[key] as? Int { return ["\(number)"] }
        return []
    }

    var things: [String] { body["things"] as? [String] ?? [] }
    var users: [String] { unique(text("agent") + text("assignee")) }
}

func unique(_ texts: [String]) -> [String] {
    var seen: Set<String> = []
    return texts.filter { seen.insert($0).inserted }
}

/// A part of a rule, and what it means.
struct Meaning<Part: Sendable>: Sendable {
    var part: Part
    var find: @Sendable (RuledMessage) -> [String]

    init(_ part: Part, _ find: @escaping @Sendable (RuledMessage) -> [String]) {
        self.part = part
        self.find = find
    }
}

/// What random rules are made of.
enum RuleVocabulary {
    static let sources: [Meaning<Rule.Source>] = [
        Meaning(.dimension(.topic)) { [$0.model.topic] },
        Meaning(.dimension(.category)) { [$0.model.category] },
        Meaning(.dimension(.user)) { $0.users },
        Meaning(.dimension(.package)) { $0.text("name") },
        Meaning(.dimension(.agent)) { $0.text("agent") },
        Meaning(.dimension(.object)) { message in
            unique(message.things.map { "things/\($0)" })
        },
        Meaning(.field("agent")) { $0.text("agent") },
        Meaning(.field("name | 'none'")) { $0.text("name").isEmpty ? ["none"] : $0.text("name") },
        Meaning(.field("things[]")) { unique($0.things) },
        Meaning(.field("<agent>/<name>")) { message in
            message.text("agent").flatMap { agent in
                message.text("name").map { "\(agent)/\($0)" }
            }
        },
        Meaning(.field("$.topic -> token(-1)")) { message in
            let last =
                message.model.topic.split(
                    separator: ".", omittingEmptySubsequences: false
                ).last.map(String.init) ?? ""
            return last.isEmpty ? [] : [last]
        },
        Meaning(.field("n -> not(7)")) { message in message.text("n").filter { $0 != "7" } },
    ]

    static let conditions: [Meaning<String>] = [
        Meaning("[name=kernel,glibc]") { ["kernel", "glibc"].filter($0.text("name").contains) },
        Meaning("[agent]") { $0.text("agent") },
        Meaning("[!assignee]") { $0.text("assignee").isEmpty ? ["yes"] : [] },
        Meaning("things[] | name") { $0.things + $0.text("name") },
    ]

    static let topics: [Meaning<String>] = [
        Meaning("git.*") { message in
            message.model.category == "git" ? ["yes"] : []
        },
        Meaning("git.receive") { $0.model.topic.hasSuffix("git.receive") ? ["yes"] : [] },
        Meaning("**") { message in
            let topic = message.model.topic
            // A topic without a token at its category's place has nothing to compare: ** is none.
            return topic.isEmpty ? [] : ["yes"]
        },
        Meaning("bodhi.**") { $0.model.category == "bodhi" ? ["yes"] : [] },
    ]

    static let numbers = Meaning(Rule.Source.field("n")) { $0.text("n") }
}

/// A random rule, and what it means.
struct NaiveRule {
    var rule: Rule
    private var keys: [Meaning<Rule.Source>] = []
    private var conditions: [Meaning<String>] = []
    private var topics: [Meaning<String>] = []
    private var distinct: Meaning<Rule.Source>
    private var latest: [Meaning<Rule.Source>] = []

    init(_ name: String, _ random: inout SeededGenerator) {
        rule = Rule(name)
        for _ in 0..<random.below(3) { keys.append(random.pick(RuleVocabulary.sources)) }
        if random.chance(40) { conditions = [random.pick(RuleVocabulary.conditions)] }
        if random.chance(60) { topics = [random.pick(RuleVocabulary.topics)] }
        rule.topics = topics.map(\.part)
        rule.conditions = conditions.map(\.part)
        if random.chance(20) { rule.topicPrefixes = ["org.example.prod."] }
        if random.chance(20) { rule.excludedTopics = ["wiki.**"] }
        if random.chance(30) {
            rule.names = [
                Rule.Names(.user, ["ada", "bob"], isExcluded: random.chance(50))
            ]
        }
        rule.keys = keys.enumerated().map { Rule.Key("key\($0.offset)", $0.element.part) }
        distinct = random.pick(RuleVocabulary.sources)
        latest = [random.pick(RuleVocabulary.sources), random.pick(RuleVocabulary.sources)]
        if random.chance(70) {
            rule.aggregates = [
                Rule.Aggregate("total", .sum(.field("n"))),
                Rule.Aggregate("least", .min(.field("n"))),
                Rule.Aggregate("most", .max(.field("n"))),
                Rule.Aggregate("kinds", .distinct(distinct.part)),
                Rule.Aggregate(
                    "newest",
                    .latest([Rule.Key("one", latest[0].part), Rule.Key("other", latest[1].part)])),
                Rule.Aggregate("spread", .quantiles(.field("n"))),
            ]
        }
        let grids: [[Int64]] = [[3_600, 86_400], [60, 3_600], [86_400], [1, 15, 60], [900]]
        rule.widths = random.pick(grids).map { Rule.Width(seconds: $0) }
        rule.groupsMax = random.chance(30) ? 1 + random.below(6) : 10_000
    }

    /// What one message gives to one group.
    struct Fact {
        var message: RuledMessage
        var values: [String]
        var isOther = false
    }

    /// Everything that the rule counts, in the order of the log, whose messages these are.
    func facts(_ messages: [RuledMessage]) -> [Fact] {
        var known: Set<[String]> = []
        var facts: [Fact] = []
        for message in messages where wants(message) {
            var groups: [[String]] = [[]]
            for key in keys {
                let values = unique(key.find(message))
                groups = groups.flatMap { group in values.map { group + [$0] } }
            }
            for group in groups {
                if known.contains(group) || known.count < rule.groupsMax {
                    known.insert(group)
                    facts.append(Fact(message: message, values: group))
                } else {
                    facts.append(
                        Fact(
                            message: message, values: group.map { _ in RuleWords.others },
                            isOther: true))
                }
            }
        }
        return facts
    }

    private func wants(_ message: RuledMessage) -> Bool {
        let topic = message.model.topic
        for meaning in topics + conditions where meaning.find(message).isEmpty { return false }
        if !rule.topicPrefixes.isEmpty, !topic.hasPrefix("org.example.prod.") { return false }
        if !rule.excludedTopics.isEmpty, message.model.category == "wiki" { return false }
        for names in rule.names {
            let meets = names.names.contains(where: message.users.contains)
            if meets == names.isExcluded { return false }
        }
        return true
    }

    // Answers.

    func answer(_ question: RuleQuestion, _ messages: [RuledMessage]) -> Reply {
        let facts = facts(messages, of: question)
        switch question.what {
        case .count: return .integer(Int64(facts.count))
        case .series(let grid, _): return .pairs(series(facts, grid))
        case .seriesBy(let grid, let key, _, _):
            let named = Dictionary(grouping: facts) { $0.values[place(key)] }
            let ranked = named.map { (name: Array($0.key.utf8), facts: $0.value) }.sorted {
                $0.facts.count != $1.facts.count
                    ? $0.facts.count > $1.facts.count
                    : $0.name.lexicographicallyPrecedes($1.name)
            }
            return .array(ranked.map { .array([.bulk($0.name), .pairs(series($0.facts, grid))]) })
        case .seriesDistinct(let grid, let word, _):
            let buckets = Dictionary(grouping: facts) { number($0, grid) }
            return .pairs(
                buckets.keys.sorted().map {
                    (grid.start(of: $0).seconds, Int64(names(word, buckets[$0] ?? []).count))
                }.filter { $0.1 > 0 })
        case .top(let limit, let key, let except):
            let counts = Dictionary(grouping: facts) { $0.values[place(key)] }
            let ranked = counts.map { (name: Array($0.key.utf8), count: Int64($0.value.count)) }
                .filter { !except.contains($0.name) }.sorted {
                    $0.count != $1.count
                        ? $0.count > $1.count : $0.name.lexicographicallyPrecedes($1.name)
                }
            return .ranking(Array(ranked.prefix(limit ?? .max)))
        case .distinct(let word): return .integer(Int64(names(word, facts).count))
        case .latest(let key): return newest(facts, key)
        case .values(let grid, let word, let quantiles, let key):
            guard let key else { return values(facts, grid, word, quantiles) ?? .null }
            let named = Dictionary(grouping: facts) { $0.values[place(key)] }
            return .array(
                named.map { (name: Array($0.key.utf8), facts: $0.value) }
                    .sorted { $0.name.lexicographicallyPrecedes($1.name) }
                    .compactMap { entry in
                        values(entry.facts, grid, word, quantiles).map {
                            .array([.bulk(entry.name), $0])
                        }
                    })
        }
    }

    /// Whether a series by name has more pairs of a bucket and a name than an answer may have.
    func isTooWide(_ question: RuleQuestion, _ messages: [RuledMessage]) -> Bool {
        guard case .seriesBy(let grid, let key, _, _) = question.what else { return false }
        let names = Set(facts(messages, of: question).map { $0.values[place(key)] })
        let numbers = messages.map { Timestamp(microseconds: $0.model.time) }
            .filter { question.range.contains($0) }.map { grid.number(of: $0) }
        guard let first = numbers.min(), let last = numbers.max() else { return false }
        return Int64(names.count) * (last - first + 1) > Limits.seriesCellsMax
    }

    /// Those of the question's range that its filters let pass.
    private func facts(_ messages: [RuledMessage], of question: RuleQuestion) -> [Fact] {
        facts(messages).filter { fact in
            question.range.contains(Timestamp(microseconds: fact.message.model.time))
                && passes(fact, question.filters)
        }
    }

    private func place(_ key: String) -> Int { Int(key.dropFirst(3)) ?? 0 }

    private func passes(_ fact: Fact, _ filters: [RuleQuestion.KeyFilter]) -> Bool {
        for key in Set(filters.map(\.key)) {
            let value = Array(fact.values[place(key)].utf8)
            let wanted = filters.filter { $0.key == key && !$0.isExcluded }.map(\.name)
            let unwanted = filters.filter { $0.key == key && $0.isExcluded }.map(\.name)
            if fact.isOther {
                if !wanted.isEmpty { return false }
                continue
            }
            if !wanted.isEmpty, !wanted.contains(value) { return false }
            if unwanted.contains(value) { return false }
        }
        return true
    }

    private func number(_ fact: Fact, _ grid: BucketGrid) -> Int64 {
        grid.number(of: Timestamp(microseconds: fact.message.model.time))
    }

    private func series(_ facts: [Fact], _ grid: BucketGrid) -> [(Int64, Int64)] {
        Dictionary(grouping: facts) { number($0, grid) }
            .map { (grid.start(of: $0.key).seconds, Int64($0.value.count)) }
            .sorted { $0.0 < $1.0 }
    }

    private func names(_ word: String, _ facts: [Fact]) -> Set<String> {
        if word == "kinds" { return Set(facts.flatMap { distinct.find($0.message) }) }
        return Set(facts.filter { !$0.isOther }.map { $0.values[place(word)] })
    }

    private func newest(_ facts: [Fact], _ key: String?) -> Reply {
        let named = Dictionary(grouping: facts) { fact in
            (key.map { [fact.values[place($0)]] } ?? fact.values).map { Array($0.utf8) }
        }
        let rows = named.sorted { left, right in
            left.key.lexicographicallyPrecedes(right.key) { $0.lexicographicallyPrecedes($1) }
        }
        return .array(
            rows.compactMap { name, facts -> Reply? in
                let found = facts.max {
                    ($0.message.model.time, $0.message.model.sequence)
                        < ($1.message.model.time, $1.message.model.sequence)
                }
                guard let message = found?.message else { return nil }
                let texts = zip(["one", "other"], latest).map { word, meaning -> (Reply, Reply) in
                    let found = meaning.find(message).first
                    return (.text(word), found.map { .text($0) } ?? .null)
                }
                let time = message.model.time
                let decimals = String(1_000_000 + time % 1_000_000).dropFirst()
                return .array([
                    key == nil ? .array(name.map { .bulk($0) }) : .bulk(name[0]),
                    .integer(Int64(message.model.sequence)),
                    .text("\(time / 1_000_000).\(decimals)"), .map(texts),
                ])
            })
    }

    /// Nil where there is no number.
    private func values(
        _ facts: [Fact], _ grid: BucketGrid?, _ word: String, _ quantiles: [Double]
    ) -> Reply? {
        guard let grid else { return value(facts, word, quantiles) }
        let buckets = Dictionary(grouping: facts) { number($0, grid) }
        return .array(
            buckets.keys.sorted().compactMap { number in
                value(buckets[number] ?? [], word, quantiles).map {
                    .array([.integer(grid.start(of: number).seconds), $0])
                }
            })
    }

    private func value(_ facts: [Fact], _ word: String, _ quantiles: [Double]) -> Reply? {
        if word == "count" { return facts.isEmpty ? nil : .integer(Int64(facts.count)) }
        if word == "kinds" {
            return facts.isEmpty ? nil : .integer(Int64(names(word, facts).count))
        }
        let numbers = facts.flatMap { RuleVocabulary.numbers.find($0.message) }.compactMap(Int.init)
            .sorted()
        guard let least = numbers.first, let most = numbers.last else { return nil }
        switch word {
        case "total": return .text("\(numbers.reduce(0, +))")
        case "least": return .text("\(least)")
        case "most": return .text("\(most)")
        default:
            // The numbers themselves: what is answered may be off by a part of them.
            return .array(
                quantiles.map { quantile in
                    let place = max(1, (quantile * Double(numbers.count)).rounded(.up))
                    return .text("\(numbers[Int(place) - 1])")
                })
        }
    }
}
