// What could go wrong: a question that a rule cannot answer is answered all the same, or refused in
// words that do not say what is accepted; one definition is taken for another. So: real words, over
// the engine's own socket, against a rule of each kind of key and aggregate.
import Engine
import Foundation
import MessageLog
import Model
import Query
import TestSupport
import Testing

@Suite struct RuleRefusalTests {
    private static let rule = """
        {seen: {keys: {who: {dimension: user}, kind: "$.topic -> token(4)"},
          aggregates: {size: {sum: n}, spread: {quantiles: n},
            packages: {distinct: {dimension: package}}, newest: {latest: {text: name}}},
          granularities: [1m, 1h]}}
        """

    private static let refused: [(words: String, parts: [String])] = [
        ("COUNT RULE sen", ["no rule", "seen"]),
        ("COUNT RULE seen COLOUR red", ["no key 'colour'", "accepted: who, kind"]),
        ("TOP 3 colour RULE seen", ["no key 'colour'", "accepted: who, kind"]),
        ("TOP 3 who RULE plain", ["no key 'who'", "accepted: none, it has no keys"]),
        ("DISTINCT size RULE seen", ["no such aggregate", "who, kind, packages"]),
        ("DISTINCT size RULE plain", ["no such aggregate", "accepted: none, it has none"]),
        ("VALUES TOTAL RULE seen newest", ["no such aggregate", "count, size, spread, packages"]),
        ("VALUES TOTAL RULE seen size QUANTILE 0.5", ["QUANTILE is of aggregates of quantiles"]),
        ("VALUES TOTAL RULE seen spread QUANTILE 2", ["'2' is no quantile", "0 to 1"]),
        ("VALUES TOTAL RULE seen size BY colour", ["no key 'colour'"]),
        ("LATEST RULE plain", ["keeps no newest message"]),
        ("SERIES 1h RULE seen DISTINCT size", ["no such aggregate"]),
        ("SERIES 1h RULE seen BY colour", ["no key 'colour'"]),
        ("ROLLUP SHOW", ["'SHOW'", "accepted: LIST, CREATE, DROP"]),
        ("ROLLUP LIST all", ["ROLLUP LIST"]), ("ROLLUP DROP", ["ROLLUP"]),
        ("ROLLUP DROP sen", ["there is no rule sen", "accepted: plain, seen"]),
        ("ROLLUP CREATE nonsense", ["ROLLUP CREATE"]),
        (#"ROLLUP CREATE {"seen":{"granularities":["1h"]}}"#, ["there is a rule seen"]),
        (#"ROLLUP CREATE {"x":{"granularities":["1h","90m"]}}"#, ["90m"]),
        ("EXPLAIN COUNT RULE sen", ["no rule"]),
    ]

    @Test func whatARuleCannotAnswerIsSaid() async throws {
        let directory = TemporaryDirectory()
        let engine = try filledEngine(in: directory, messages: 400, seed: 31)
        let socket = try await EngineSocket(engine, path: directory.path + "/socket", isNewer: true)
        let created = try socket.ask(["ROLLUP", "CREATE", Self.rule])
        #expect(created == .integer(1), "\(String(describing: created))")
        #expect(
            try socket.ask(["ROLLUP", "CREATE", "{plain: {granularities: [1h]}}"]) == .integer(2))
        for (line, parts) in Self.refused {
            let words = line.split(separator: " ").map(String.init)
            guard case .error(let text)? = try socket.ask(words) else {
                Issue.record("\(line) was answered")
                continue
            }
            for part in parts { #expect(text.contains(part), "\(line): \(text)") }
        }
        try await socket.close()
        try engine.close()
    }

    /// What is not refused adds up, and says where it comes from.
    @Test func answersOfOneRuleAgree() async throws {
        let directory = TemporaryDirectory()
        let engine = try filledEngine(in: directory, messages: 400, seed: 32)
        let socket = try await EngineSocket(
            engine, path: directory.path + "/socket", isNewer: false)
        _ = try socket.ask(["ROLLUP", "CREATE", Self.rule])
        let ask = { (line: String) throws -> Reply? in
            try socket.ask(line.split(separator: " ").map(String.init))
        }
        guard case .integer(let all)? = try ask("COUNT RULE seen"),
            case .array(let users)? = try ask("TOP ALL who RULE seen"),
            case .array(let hours)? = try ask("SERIES 1h RULE seen"),
            case .array(let explained)? = try ask("EXPLAIN COUNT RULE seen"),
            case .array(let listed)? = try ask("ROLLUP LIST")
        else {
            Issue.record("a question of a rule was not answered")
            return
        }
        #expect(all > 0)
        #expect(sum(users) == all)
        #expect(sum(hours) == all)
        #expect(try ask("DISTINCT who RULE seen") == .integer(Int64(users.count)))
        guard case .bulk(let line)? = explained.first, case .array(let row)? = listed.first else {
            Issue.record("\(explained), \(listed)")
            return
        }
        #expect(String(decoding: line, as: UTF8.self).hasPrefix("rule: seen, computed up to"))
        #expect(listed.count == 1 && row.contains(.bulk(Array("seen".utf8))), "\(row)")
        for line in [
            "VALUES TOTAL RULE seen size BY who", "VALUES 1h RULE seen spread QUANTILE 0.5",
            "LATEST RULE seen BY who", "SERIES 1h RULE seen BY kind",
            "TOP 2 kind RULE seen EXCEPT git",
            "SERIES 1d RULE seen DISTINCT packages", "COUNT RULE seen NOT KIND git",
        ] {
            if case .error(let text)? = try ask(line) { Issue.record("\(line): \(text)") }
        }
        #expect(try ask("ROLLUP DROP seen") == .simple("OK"))
        #expect(try ask("ROLLUP LIST") == .array([]))
        try await socket.close()
        try engine.close()
    }

    /// The second cell of each row, added up.
    private func sum(_ rows: [Reply]) -> Int64 {
        rows.reduce(0) { sum, row in
            guard case .array(let cells) = row, case .integer(let count) = cells[1] else {
                return sum
            }
            return sum + count
        }
    }
}
