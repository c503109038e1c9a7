// What could go wrong: a profile of one's own does not come before the one that it extends; a file
// with a mistake is taken all the same, crashes, or its error does not say where the mistake is and
// what is accepted. The same for aliases.
import Envelope
import Foundation
import Testing

@Suite struct ProfileFileTests {
    private func profile(_ text: String) throws -> Profile {
        let path = NSTemporaryDirectory() + "profile-\(UUID().uuidString).yaml"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try Profile.load(path, aliases: nil)
    }

    private func names(_ profile: Profile, _ topic: String, _ msg: String) throws -> ExtractedNames
    {
        let text = "{\"topic\":\"a.b.c.\(topic)\",\"msg\":\(msg)}"
        let parser = EnvelopeParser(profile: profile)
        return try Array(text.utf8).withUnsafeBytes { try parser.names(in: $0).get() }
    }

    @Test func ownRulesComeFirst() throws {
        let own = try profile(
            """
            extends: fedora
            rules:
              - topics: [git.receive.**, "x.*.z"]
                users: {each: "people[]", name: .name}
                objects: [one, [two]]
            """)
        let git = try names(own, "git.receive", #"{"people":[{"name":"ann"}],"one":1,"two":2}"#)
        #expect(git.users == ["ann"] && git.packages == [] && git.objects == ["1", "2"])
        #expect(git.rule.hasPrefix("git.receive.** (") && git.rule.hasSuffix(":3)"))
        #expect(try names(own, "x.y.z", #"{"one":"o"}"#).objects == ["o"])
        #expect(try names(own, "x.z", #"{"one":"o","agent":"ann"}"#).users == ["ann"])
        #expect(try names(own, "buildsys.untag", #"{"owner":"bob"}"#).users == ["bob"])
        #expect(try names(own, "other", #"{"agent":"ann"}"#).agent == "ann")

        let alone = try profile("rules:\n  - {topics: a, users: b}\notherwise: {packages: p}\n")
        #expect(try names(alone, "a", #"{"b":"ann"}"#).users == ["ann"])
        #expect(try names(alone, "git.receive", #"{"p":"q","agent":"ann"}"#).packages == ["q"])
        #expect(
            try names(try Profile.load("none", aliases: nil), "a", #"{"agent":"x"}"#).users == [])
    }

    /// Text, the line of the mistake, and words that its error must have.
    private static let mistakes: [(String, Int, String)] = [
        ("", 1, "empty"),
        ("- a", 1, "extends, rules and otherwise"),
        ("rules: [", 2, "no YAML"),
        ("a: &x [*x]", 1, "nests too deep"),
        ("rule: []", 1, "rule: There is no such key; accepted are extends, rules and otherwise"),
        (
            "extends: fedoraa", 1,
            "extends: There is no profile \"fedoraa\"; there are fedora, generic"
        ),
        ("rules: {a: b}", 1, "rules: The rules are a list"),
        ("rules:\n  - users: a", 2, "rules[0]: The rule has no topics"),
        (
            "rules:\n  - topics: a\n    user: b", 3,
            "rules[0].user: There is no such key; accepted are topics, users"
        ),
        ("rules:\n  - topics: a.**.b", 2, "rules[0].topics: \"a.**.b\" is no pattern"),
        ("rules:\n  - topics: [a, b*]", 2, "\"b*\" is no pattern"),
        (
            "rules:\n  - topics: a\n    users:\n      - a -> nvrr", 4,
            "rules[0].users: \"a -> nvrr\": there is no transform \"nvrr\"; there are account"
        ),
        ("rules:\n  - topics: a\n    users: {each: a}", 3, "rules[0].users: The field has no name"),
        ("rules:\n  - topics: a\n    users: {all: a}", 3, "accepted are each and name"),
        ("rules:\n  - topics: a\n    users: {each: '.x', name: .y}", 3, "each is a path"),
        ("rules:\n  - topics: a\n    users: ''", 3, "Accepted is a text here"),
        ("otherwise:\n  topics: a", 2, "otherwise.topics: There is no such key"),
        ("rules: " + String(repeating: "[", count: 40), 2, "no YAML"),
    ]

    @Test func mistakesAreNamedWithTheirPlace() {
        for (text, line, part) in Self.mistakes {
            do {
                _ = try profile(text)
                Issue.record("accepted: \(text)")
            } catch {
                let error = error as? ConfigurationError
                #expect(error?.line == line, "\(text): \(error?.description ?? "")")
                #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
                #expect(error?.description.contains(".yaml:\(line): ") == true)
            }
        }
    }

    /// Aliases of aliases: a few bytes that stand for very many values.
    @Test func bombsAreRefused() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<10 {
            let parts = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(parts)]\n"
        }
        #expect(throws: ConfigurationError.self) { try profile(text) }
        #expect(throws: ConfigurationError.self) { try profile("rules: &a [*a]") }
    }

    @Test func namesAndPathsThatAreNone() {
        for (name, part) in [
            ("fedoraa", "accepted are fedora, generic, none, or a path"),
            ("/nowhere/x.yaml", "cannot be read: No such file"), ("/tmp", "cannot be read"),
        ] {
            do {
                _ = try Profile.load(name, aliases: nil)
                Issue.record("accepted: \(name)")
            } catch {
                #expect(error.description.contains(part), "\(error)")
            }
        }
    }

    private static let aliasMistakes: [(String, Int, String)] = [
        ("", 1, "one JSON object"), ("[]", 1, "one JSON object"),
        ("{\n\"a\": \"b\",\n}", 3, "one JSON"),
        ("{\n\"a\": 1}", 2, "a: Accepted is an account's name"),
        ("{\"a\":\"x\",\n\n\"b\":\"\"}", 3, "b: Accepted is an account's name"),
        ("{\"\":\"x\"}", 1, "Accepted is an account's name"), ("{\"a\":\"b", 1, "one JSON object"),
    ]

    @Test func aliasesAreReadAndTheirMistakesNamed() throws {
        let good = try Aliases.read(
            Array(#"{"ni\u0063k":"ann","\ud83d\ude00":"bob","x@y":"eve"}"#.utf8), file: "f")
        #expect(good.count == 3)
        var rule = ExtractionRule([])
        rule.users = [try Field("a[] -> account")]
        var profile = Profile(name: "test", rules: [], otherwise: rule)
        profile.aliases = good
        let found = try names(
            profile, "t", "{\"a\":[\"nick\",\"\u{1f600}\",\"x@y\",\"z@y\",\"kim\"]}")
        #expect(found.users == ["ann", "bob", "eve", "kim"])
        for (text, line, part) in Self.aliasMistakes {
            do {
                _ = try Aliases.read(Array(text.utf8), file: "f.json")
                Issue.record("accepted: \(text)")
            } catch {
                #expect(error.line == line, "\(text) \(error)")
                #expect(error.description.contains(part), "\(error)")
            }
        }
    }
}
