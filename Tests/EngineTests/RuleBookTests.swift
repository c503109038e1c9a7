// What could go wrong: two rules get one name, or one the number that another had; a rule that was
// put in the place of another of its name answers from what was stored of that one, or the same
// rule is computed again for nothing; the files of a rule that was dropped stay, or another's go; a
// restart forgets a change, or undoes it; what is refused does not say what is accepted.
import Engine
import Foundation
import MessageLog
import Model
import Query
import Rules
import TestSupport
import Testing

@Suite struct RuleBookTests {
    private struct Known {
        var number: UInt32
        var pattern: String
    }

    private static let patterns = ["git.receive", "git.*", "wiki.edit", "**"]
    private static let names = ["first", "second", "third"]

    private func rule(_ name: String, _ pattern: String) -> Rule {
        var rule = Rule(name)
        rule.topics = [pattern]
        return rule
    }

    private func open(_ directory: TemporaryDirectory) throws -> Engine {
        var options = smallOptions()
        options.rules.rowsMin = 1
        options.rules.foldRows = 1
        return try Engine(directory: directory.path + "/store", options: options)
    }

    /// The books against a dictionary.
    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func changesAreThoseOfADictionary(seed: UInt64) throws {
        let directory = TemporaryDirectory()
        var random = SeededGenerator(seed: seed)
        var source = RandomHistory(seed: seed)
        var known: [String: Known] = [:]
        var next: UInt32 = 1
        var messages: [ModelMessage] = []
        var opened: Engine? = try open(directory)
        for step in 0..<60 {
            let what = "seed \(seed), step \(step)"
            let (name, pattern) = (random.pick(Self.names), random.pick(Self.patterns))
            let wanted = rule(name, pattern)
            if random.chance(15) {
                try opened?.close()
                // Its directory is free once nobody has it.
                opened = nil
                opened = try open(directory)
            }
            let engine = try #require(opened)
            switch random.below(5) {
            case 0:
                let sentence = refusal { _ = try engine.create(wanted) }
                if known[name] != nil {
                    #expect(sentence?.contains("there is a rule \(name);") == true, "\(what)")
                } else {
                    #expect(sentence == nil, "\(what)")
                    known[name] = Known(number: next, pattern: pattern)
                    next += 1
                }
            case 1, 2:
                let change = try engine.replace(wanted)
                if known[name]?.pattern == pattern {
                    #expect(change == .unchanged, "\(what)")
                } else {
                    #expect(
                        change == (known[name] == nil ? .created(next) : .replaced(next)),
                        "\(what)")
                    known[name] = Known(number: next, pattern: pattern)
                    next += 1
                }
            case 3:
                let sentence = refusal { try engine.dropRule(name) }
                if known.removeValue(forKey: name) == nil {
                    let accepted =
                        known.isEmpty ? "none yet" : known.keys.sorted().joined(separator: ", ")
                    #expect(
                        sentence?.hasSuffix("there is no rule \(name); accepted: \(accepted)")
                            == true, "\(what): \(sentence ?? "nothing")")
                } else {
                    #expect(sentence == nil, "\(what)")
                }
            default:
                let some = source.messages(20)
                let outcomes = try append(some, to: engine)
                for (message, outcome) in zip(some, outcomes) {
                    if case .appended = outcome { messages.append(message) }
                }
            }
            try check(engine, known, messages, directory, what)
        }
        try opened?.close()
    }

    private func check(
        _ engine: Engine, _ known: [String: Known], _ messages: [ModelMessage],
        _ directory: TemporaryDirectory, _ what: String
    ) throws {
        let reports = engine.ruleReports()
        #expect(reports.map(\.name) == known.keys.sorted(), "\(what)")
        for report in reports {
            let own = try #require(known[report.name])
            #expect(report.number == own.number, "\(what)")
            #expect(report.failure == nil, "\(what)")
            #expect(engine.waitForRule(report.name, milliseconds: 30_000), "\(what)")
            let pattern = try #require(NaiveTopicPattern(own.pattern))
            let matching = messages.count { pattern.matches($0.topic) }
            let answer = Executor.answer(
                .rule(RuleQuestion(rule: report.name, .count)), from: engine)
            #expect(answer == .integer(Int64(matching)), "\(what), \(own.pattern)")
        }
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: directory.path + "/store/rules")
        #expect(Set(folders) == Set(known.values.map { "\($0.number)" }), "\(what)")
    }

    /// As many as there may be, and one more.
    @Test func theirNumberHasALimit() throws {
        let directory = TemporaryDirectory()
        let engine = try open(directory)
        for number in 0..<Limits.declaredRulesMax {
            _ = try engine.create(rule("rule\(number)", "git.receive"))
        }
        let sentence = try #require(refusal { _ = try engine.create(rule("more", "**")) })
        #expect(
            sentence.hasSuffix(
                "there are \(Limits.declaredRulesMax) rules; accepted: at most "
                    + "\(Limits.declaredRulesMax), drop one first"), "\(sentence)")
        // The place of one that goes is free again, and a change of one needs none.
        #expect(try engine.replace(rule("rule0", "git.receive")) == .unchanged)
        try engine.dropRule("rule3")
        _ = try engine.create(rule("more", "**"))
        try engine.close()
    }

    private func refusal(_ body: () throws -> Void) -> String? {
        do { try body() } catch { return "\(error)" }
        return nil
    }
}

/// A pattern of topics, naively.
private struct NaiveTopicPattern {
    private let tokens: [String]

    init?(_ pattern: String) { tokens = pattern.components(separatedBy: ".") }

    func matches(_ topic: String) -> Bool {
        let own = topic.components(separatedBy: ".")
        let rest = own.dropFirst(topic.contains("VirtualTopic") ? 2 : 3)
        if tokens == ["**"] { return true }
        return rest.count == tokens.count
            && zip(rest, tokens).allSatisfy { $1 == "*" || $0 == $1 }
    }
}
