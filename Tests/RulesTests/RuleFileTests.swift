// What could go wrong: a rule's canonical text is read as another rule, so that a restart computes
// it anew; a mistake is not told, or at the wrong line; a limit is not kept; a word that requests
// use for something else becomes a key.
import Envelope
import Model
import Rules
import Testing

@testable import Rules

@Suite struct RuleFileTests {
    private func error(_ text: String) -> String? {
        do {
            _ = try RuleReader.rules(Array(text.utf8), file: "rules.yaml")
            return nil
        } catch {
            return error.description
        }
    }

    static let full = """
        rules:
          full:
            topics: [git.receive, "git.*"]
            topic-prefixes: org.example.prod.
            not-topics: git.branch.**
            where: ["[new=1]", "badge[badge_id!=origin] | name"]
            not-users: [koschei]
            users: [ada, "\\"quoted\\" \\u00e4\\n"]
            keys:
              user: {dimension: user}
              arch: {each: "builds[]", name: .arch}
              name: <repo.namespace>/<repo.name> | repo.name -> lowercase
            aggregates:
              size: {sum: size}
              least: {min: size}
              most: {max: size}
              people: {distinct: {dimension: user}}
              newest: {latest: {who: agent, what: name}}
              spread: {quantiles: size}
            granularities: [15s, 1m, 1h, 1d]
            retention: {15s: 7d, 1m: 90d}
            groups-max: 500
        """

    @Test func canonicalTextIsTheRuleAgain() throws {
        let rules = try RuleReader.rules(Array(Self.full.utf8), file: "full")
        let rule = try #require(rules.first)
        #expect(rule.keys.count == 3 && rule.aggregates.count == 6 && rule.widths.count == 4)
        #expect(rule.widths[0] == Rule.Width(seconds: 15, keptSeconds: 7 * 86_400))
        let again = try RuleReader.rule(Array(rule.canonicalText.utf8), file: "again")
        #expect(again == rule)
        #expect(again.canonicalText == rule.canonicalText)
        // Built as a value, it is the same rule.
        var value = Rule("plain")
        value.keys = [Rule.Key("badge", .field("badge.badge_id"))]
        let text = "rules: {plain: {keys: {badge: badge.badge_id}}}"
        let read = try RuleReader.rules(Array(text.utf8), file: "plain")
        #expect(read == [value])
    }

    @Test(arguments: [
        ("rules", "rules.yaml:1: A file of rules has the key rules."),
        ("rule: {}", "rules.yaml:1: rule: There is no such key; accepted is rules."),
        (
            "rules: {Bad: {}}",
            "rules.yaml:1: Bad: \"Bad\" is no name of a rule; accepted are up to 64"
        ),
        (
            "rules:\n  a:\n    topic: x",
            "rules.yaml:3: a.topic: There is no such key; accepted are topics,"
        ),
        (
            "rules:\n  a:\n    topics: 'g*t'",
            "rules.yaml:3: a.topics: \"g*t\" is no pattern; accepted are"
        ),
        (
            "rules:\n  a:\n    where: 'x['",
            "rules.yaml:3: a.where: \"x[\": a bracket in a path is closed"
        ),
        (
            "rules:\n  a:\n    keys:\n      from: x",
            "rules.yaml:4: a.keys.from: \"from\" means something else in requests"
        ),
        (
            "rules:\n  a:\n    keys:\n      b: {dimension: colour}",
            "rules.yaml:4: a.keys.b.dimension: There is no dimension \"colour\"; accepted are"
        ),
        (
            "rules:\n  a:\n    keys:\n      b: x -> upper",
            "rules.yaml:4: a.keys.b: \"x -> upper\": there is no transform \"upper\"; there"
        ),
        (
            "rules:\n  a:\n    aggregates:\n      b: {mean: x}",
            "rules.yaml:4: a.aggregates.b.mean: There is no such aggregate; accepted are sum"
        ),
        (
            "rules:\n  a:\n    aggregates:\n      b: {sum: {dimension: user}}",
            "rules.yaml:4: a.aggregates.b.sum: A dimension has no numbers; accepted is a field."
        ),
        (
            "rules:\n  a:\n    aggregates:\n      count: {sum: x}",
            "rules.yaml:4: a.aggregates.count: \"count\" stands twice"
        ),
        (
            "rules:\n  a:\n    granularities: [1h, 90m]",
            "rules.yaml:3: a.granularities: 90m is no multiple of 1h"
        ),
        (
            "rules:\n  a:\n    granularities: 1w",
            "rules.yaml:3: a.granularities: \"1w\" is no width; accepted is"
        ),
        (
            "rules:\n  a:\n    granularities: 1h\n    retention: {1m: 3d}",
            "rules.yaml:4: a.retention.1m: \"1m\" is none of the rule's granularities."
        ),
        (
            "rules:\n  a:\n    granularities: 1h\n    retention: {1h: 5m}",
            "rules.yaml:4: a.retention.1h: Accepted is the width itself or more"
        ),
        (
            "rules:\n  a:\n    groups-max: 0",
            "rules.yaml:3: a.groups-max: Accepted is a whole number from 1"
        ),
        ("rules:\n  a: {}\n  a: {}", "rules.yaml:3: a: The rule stands twice"),
        ("rules: [", "rules.yaml:2: The file is no YAML:"),
    ])
    func mistakesAreTold(text: String, told: String) {
        let sentence = error(text) ?? "nothing"
        #expect(sentence.hasPrefix(told), "\(sentence)")
    }

    @Test func limitsAreKept() throws {
        let many = (0..<Limits.ruleKeysMax + 1).map { "k\($0): x" }.joined(separator: ", ")
        #expect(error("rules: {a: {keys: {\(many)}}}")?.contains("There are 9 keys") == true)
        var rule = Rule("long")
        rule.conditions = [String(repeating: "x", count: Limits.ruleDefinitionBytesMax)]
        #expect(throws: RuleError.self) { try rule.check() }
    }
}
