// What could go wrong: a rule that is made as a value is not the one that a file declares, does not
// count what was there before it, or is not there after the store is opened again.
import Tallylog
import TestSupport
import Testing

@Suite struct RuleTests {
    private func envelope(_ number: Int) -> String {
        #"{"topic":"org.example.prod.fedbadges.badge.award","msg_id":"id \#(number)","#
            + #""timestamp":\#(1_767_225_600 + number),"#
            + #""msg":{"badge":{"badge_id":"b\#(number % 3)"},"size":\#(number)}}"#
    }

    @Test func aRuleIsAValue() async throws {
        let directory = TemporaryDirectory()
        let (rule, question, expected) = try await fill(directory.path + "/store")
        try checkAgain(directory.path + "/store", rule, question, expected)
    }

    private func fill(_ path: String) async throws -> (Rule, Question, Reply) {
        var rule = Rule("badges")
        rule.topics = ["fedbadges.badge.award"]
        rule.keys = [Rule.Key("badge", .field("badge.badge_id"))]
        rule.aggregates = [Rule.Aggregate("size", .sum(.field("size")))]
        let store = try Store.open(path)
        for number in 0..<10 { try await store.append(envelope(number)) }
        try store.create(rule)
        for number in 10..<20 { try await store.append(envelope(number)) }
        let question = Question.rule(
            RuleQuestion(rule: "badges", .top(limit: nil, key: "badge", except: [])))
        let expected = Reply.ranking([
            (Array("b0".utf8), 7), (Array("b1".utf8), 7), (Array("b2".utf8), 6),
        ])
        #expect(try store.ask(question) == expected)
        let sum = Question.rule(
            RuleQuestion(
                rule: "badges",
                .values(nil, aggregate: "size", quantiles: [], key: nil),
                filters: [.init(key: "badge", name: Array("b1".utf8))]))
        #expect(try store.ask(sum) == .text("\([1, 4, 7, 10, 13, 16, 19].reduce(0, +))"))
        #expect(throws: StoreError.self) { try store.create(rule) }
        #expect(try !store.replace(rule))
        try store.close()
        return (rule, question, expected)
    }

    private func checkAgain(
        _ path: String, _ rule: Rule, _ question: Question, _ expected: Reply
    ) throws {
        var rule = rule
        let again = try Store.open(path)
        #expect(again.rules.map(\.name) == ["badges"])
        #expect(try again.ask(question) == expected)
        rule.keys = []
        #expect(try again.replace(rule))
        #expect(
            try again.ask(.rule(RuleQuestion(rule: "badges", .count))) == .integer(20))
        try again.dropRule("badges")
        #expect(again.rules.isEmpty)
        try again.close()
    }
}
