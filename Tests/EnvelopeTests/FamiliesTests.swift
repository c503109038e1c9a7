// What could go wrong: a rule of the fedora profile is never reached, or its paths lead past the
// shapes that a family's messages have: old and new ones, texts and objects in the same place,
// absent keys and null. families.jsonl has made-up messages for each rule, and what is to be found
// in them; a rule that no message reaches fails.
import Envelope
import Foundation
import Testing

@Suite struct FamiliesTests {
    private struct Expected: Decodable, Equatable {
        var topic: String
        var users: [String]
        var packages: [String]
        var objects: [String]
        var agent: String?
    }

    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("families.jsonl")

    private static let aliases = Aliases(["annie": "ann", "bob@example.org": "bob"])

    @Test func everyRuleFindsWhatItIsFor() throws {
        var profile = Profile.fedora
        profile.aliases = Self.aliases
        let parser = EnvelopeParser(profile: profile)
        var reached: Set<String> = []
        for line in try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n") {
            let expected = try JSONDecoder().decode(Expected.self, from: Data(line.utf8))
            // The message itself is taken as it stands, after the last of the other keys.
            let msg = try #require(line.range(of: "\"msg\": ")).upperBound
            let text =
                "{\"topic\":\"org.fedoraproject.prod.\(expected.topic)\",\"username\":\"daemon\","
                + "\"msg\":\(line[msg...])"
            let names = try Array(text.utf8).withUnsafeBytes { try parser.names(in: $0).get() }
            let found = Expected(
                topic: expected.topic, users: names.users, packages: names.packages,
                objects: names.objects, agent: names.agent)
            #expect(found == expected, "\(line)")
            reached.insert(names.rule)
        }
        let all = Set((profile.rules + [profile.otherwise]).map(\.label))
        #expect(all.subtracting(reached).isEmpty, "rules without a message")
    }

    /// A bus that is not Fedora's has its category elsewhere.
    @Test func virtualTopicsHaveTheirCategoryThird() throws {
        let parser = EnvelopeParser(profile: .fedora)
        let text = #"{"topic":"/topic/VirtualTopic.eng.git.receive","msg":{"commit":{"repo":"p"}}}"#
        let names = try Array(text.utf8).withUnsafeBytes { try parser.names(in: $0).get() }
        #expect(names.packages == ["p"] && names.rule.hasPrefix("git.receive"))
    }
}
