// What could go wrong: retention of a width takes buckets that it should keep, or a message from
// the far future takes all; coarser buckets go with the finer ones; a rebuild has others than were
// kept; a rule that lacks messages, since their payloads were gone, answers as if it had them; what
// is stored of a rule is damaged, and takes other rules or the store with it.
import Engine
import Foundation
import MessageLog
import Model
import Query
import Rules
import TestSupport
import Testing

@Suite struct RuleRetentionTests {
    private static let start = RandomHistory.start
    private static let day: Int64 = 86_400

    private func options(_ clock: TestClock) -> Engine.Options {
        var options = smallOptions(segmentRecords: 20)
        options.clock = { clock.now }
        options.rules.foldSeconds = 0
        options.rules.rowsMin = 1
        return options
    }

    /// A message at a moment, in seconds after the start of a day.
    private func message(_ number: Int, day: Int, _ seconds: Int64 = 0) -> ModelMessage {
        let time = Self.start + Int64(day) * Self.day + seconds
        return ModelMessage(
            time: time * 1_000_000, timeless: false, topic: "org.example.prod.git.receive",
            users: [], packages: [], identity: "id \(number)", hasID: true,
            envelope: #"{"topic":"org.example.prod.git.receive","timestamp":\#(time),"#
                + #""msg_id":"id \#(number)","msg":{"n":\#(number)}}"#)
    }

    private func ask(
        _ engine: Engine, _ what: RuleQuestion.What, from: Int64? = nil, to: Int64? = nil
    ) -> Reply {
        let range = TimeRange(
            lower: from.map { Timestamp(seconds: Self.start + $0) },
            upper: to.map { Timestamp(seconds: Self.start + $0) })
        return Executor.answer(
            .rule(RuleQuestion(rule: "kept", what, range: range)), from: engine)
    }

    private var rule: Rule {
        var rule = Rule("kept")
        rule.conditions = ["n"]
        rule.widths = [
            Rule.Width(seconds: 3_600, keptSeconds: 3 * Self.day),
            Rule.Width(seconds: Self.day),
        ]
        return rule
    }

    private func pairs(_ reply: Reply) -> [[Int64]] {
        guard case .array(let rows) = reply.spelledOut else { return [] }
        return rows.compactMap { row in
            guard case .array(let parts) = row, case .integer(let start) = parts[0],
                case .integer(let count) = parts[1]
            else { return nil }
            return [start - Self.start, count]
        }
    }

    /// Hours go after three days, days stay; a late message counts where something is kept.
    @Test func hoursGoAndDaysStay() throws {
        let directory = TemporaryDirectory()
        let clock = TestClock()
        clock.now = Timestamp(seconds: Self.start + 10 * Self.day)
        var bytes: [UInt8] = []
        do {
            let engine = try Engine(directory: directory.path + "/store", options: options(clock))
            _ = try engine.create(rule)
            _ = try append((0..<10).map { message($0, day: $0, 3_700) }, to: engine)
            // Far ahead of the clock, by which alone buckets go.
            _ = try append([message(98, day: 39)], to: engine)
            // Late, before the horizon of hours.
            _ = try append([message(99, day: 2, 7_300)], to: engine)
            // In the first hour that is kept.
            _ = try append([message(97, day: 7)], to: engine)
            try check(engine)
            bytes = try engine.foldedDump(rule: "kept", milliseconds: 30_000)
            try engine.close()
        }
        do {
            let engine = try Engine(directory: directory.path + "/store", options: options(clock))
            try check(engine)
            try engine.close()
        }
        _ = try Engine.rebuild(directory: directory.path + "/store", options: options(clock))
        let engine = try Engine(directory: directory.path + "/store", options: options(clock))
        #expect(engine.waitForRule("kept", milliseconds: 30_000))
        #expect(try engine.foldedDump(rule: "kept", milliseconds: 30_000) == bytes)
        try check(engine)
        try engine.close()
    }

    private func check(_ engine: Engine) throws {
        #expect(engine.waitForRule("kept", milliseconds: 30_000))
        let days = pairs(ask(engine, .series(BucketGrid(Every(1, .day)), fill: .none)))
        let expected = (0..<10).map { [Int64($0) * Self.day, $0 == 2 || $0 == 7 ? 2 : 1] }
        #expect(days == expected + [[39 * Self.day, 1]])
        // Of hours, the last three days have theirs; what came before is evaluated from messages.
        let hours = pairs(
            ask(
                engine, .series(BucketGrid(Every(1, .hour)), fill: .none), from: 7 * Self.day,
                to: 10 * Self.day))
        let full = (7..<10).map { [Int64($0) * Self.day + 3_600, 1] }
        #expect(hours == [[7 * Self.day, 1]] + full)
        #expect(ask(engine, .count, from: 2 * Self.day + 3_600) == .integer(11))
        // Hours that are gone are evaluated from the messages.
        let kept = pairs(ask(engine, .series(BucketGrid(Every(1, .hour)), fill: .none)))
        #expect(kept.count == 13, "\(kept)")
        let explained = Executor.explain(
            .rule(RuleQuestion(rule: "kept", .count)), from: engine
        ).spelledOut
        guard case .array(let lines) = explained else {
            Issue.record("\(explained)")
            return
        }
        #expect(lines.contains(.text("buckets: 40 x 1d")), "\(lines)")
    }

    /// Payloads go; rules of before keep what they have, new ones say what they lack.
    @Test func aRuleSaysWhatItLacks() throws {
        let directory = TemporaryDirectory()
        let clock = TestClock()
        var options = options(clock)
        options.log.retention.seconds = 10 * Self.day
        let store = directory.path + "/store"
        var said: RuleReport?
        do {
            let engine = try Engine(directory: store, options: options)
            _ = try engine.create(rule)
            for day in 0..<40 {
                _ = try append(
                    (0..<5).map { message(day * 5 + $0, day: day, Int64($0)) }, to: engine)
            }
            #expect(engine.waitForRule("kept", milliseconds: 30_000))
            clock.now = Timestamp(seconds: Self.start + 30 * Self.day)
            try engine.compact()
            #expect(try engine.read { $0.segments.contains { $0.segment.isDropped } })
            var late = rule
            late.name = "late"
            _ = try engine.create(late)
            #expect(engine.waitForRule("late", milliseconds: 30_000))
            #expect(ask(engine, .count) == .integer(200))
            let report = try #require(engine.ruleReports().first { $0.name == "late" })
            let from = try #require(report.completeFrom)
            #expect(report.lost > 0 && report.lost < 200)
            let refused = Executor.answer(.rule(RuleQuestion(rule: "late", .count)), from: engine)
            guard case .error(let sentence) = refused else {
                Issue.record("\(refused)")
                return
            }
            #expect(
                sentence.hasPrefix("GONE the rule late lacks \(report.lost) messages"),
                "\(sentence)")
            // From the time that it names on, it has all.
            let answered = Executor.answer(
                .rule(RuleQuestion(rule: "late", .count, range: TimeRange(lower: from))),
                from: engine)
            #expect(answered == .integer(Int64(200 - report.lost)))
            said = report
            try engine.close()
        }
        // And says so for ever.
        let engine = try Engine(directory: store, options: options)
        let report = try #require(engine.ruleReports().first { $0.name == "late" })
        #expect(report.lost == said?.lost && report.completeFrom == said?.completeFrom)
        // A rule that needs no payload lacks nothing.
        var plain = Rule("plain")
        plain.keys = [Rule.Key("topic", .dimension(.topic))]
        _ = try engine.create(plain)
        #expect(engine.waitForRule("plain", milliseconds: 30_000))
        #expect(
            Executor.answer(.rule(RuleQuestion(rule: "plain", .count)), from: engine)
                == .integer(200))
        try engine.close()
    }

    /// What is stored of one rule is no rule's any more: it is computed again, and everything else
    /// goes on.
    @Test(arguments: [0, 100, 8_192])
    func damageOfOneRuleIsItsOwn(kept: Int) throws {
        let directory = TemporaryDirectory()
        let clock = TestClock()
        var other = rule
        other.name = "other"
        do {
            let engine = try Engine(directory: directory.path + "/store", options: options(clock))
            _ = try engine.create(rule)
            _ = try engine.create(other)
            _ = try append((0..<50).map { message($0, day: $0 % 10) }, to: engine)
            _ = try engine.foldedDump(rule: "kept", milliseconds: 30_000)
            try engine.close()
        }
        let path = directory.path + "/store/rules/1/data.mdb"
        var bytes = try Data(contentsOf: URL(filePath: path))
        for place in 0..<8_192 { bytes[place] = 0x5A }
        if kept < 8_192 { bytes = bytes.prefix(kept) }
        try bytes.write(to: URL(filePath: path))
        let engine = try Engine(directory: directory.path + "/store", options: options(clock))
        _ = try append((50..<60).map { message($0, day: $0 % 10) }, to: engine)
        #expect(engine.waitForRule("other", milliseconds: 30_000))
        #expect(
            Executor.answer(.rule(RuleQuestion(rule: "other", .count)), from: engine)
                == .integer(60))
        #expect(engine.waitForRule("kept", milliseconds: 30_000))
        #expect(ask(engine, .count) == .integer(60))
        #expect(EngineTests.count(engine) == .integer(60))
        // Dropped and made again, it is whole.
        try engine.dropRule("kept")
        _ = try engine.create(rule)
        #expect(engine.waitForRule("kept", milliseconds: 30_000))
        #expect(ask(engine, .count) == .integer(60))
        try engine.close()
    }

    /// A rule with more groups than it may have, and values that grow without end.
    @Test func groupsPastTheLimitAreTheOthers() throws {
        let directory = TemporaryDirectory()
        let engine = try Engine(
            directory: directory.path + "/store", options: options(TestClock()))
        var many = Rule("kept")
        many.keys = [Rule.Key("n", .field("n"))]
        many.groupsMax = 7
        _ = try engine.create(many)
        _ = try append((0..<100).map { message($0, day: $0 % 10) }, to: engine)
        #expect(engine.waitForRule("kept", milliseconds: 30_000))
        guard case .ranking(let ranked) = ask(engine, .top(limit: nil, key: "n", except: [])) else {
            Issue.record("no ranking")
            return
        }
        #expect(ranked.count == 8)
        #expect(ranked[0].name == Array(RuleWords.others.utf8) && ranked[0].count == 93)
        #expect(engine.ruleReports()[0].others == 93)
        #expect(ask(engine, .distinct(word: "n")) == .integer(7))
        try engine.close()
    }
}
