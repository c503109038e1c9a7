// What could go wrong: the fedora profile names other users, packages and objects than the tools
// that the bus has had until now. Holds it against what those tools' own tests state about real
// messages, every statement of them. The messages carry people's names, so they are no part of the
// repository, and neither is the map of their nicks; without them this is skipped.
import Envelope
import Foundation
import Testing

@Suite struct ConformanceTests {
    private struct Case {
        var name: String
        var family: String
        /// What is stated, by the word for it.
        var stated: [String: [String]]
        var hasAliases: Bool
        var envelope: Data
    }

    private static let shared = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("shared")
    private static let file = shared.appendingPathComponent("data/fedmsg-cases.jsonl")
    private static let notes = shared.appendingPathComponent("reference/bus.md")

    /// The nicks and addresses that a directory would have resolved when the statements were made:
    /// the notes have them, as `nick -> account`.
    private static func aliases() throws -> Aliases {
        let text = try String(contentsOf: notes, encoding: .utf8)
        let start = try #require(text.range(of: "e-mail map"))
        let map = text[start.upperBound...].split(separator: "`", maxSplits: 2)[1]
        var accounts: [String: String] = [:]
        for pair in map.split(separator: ",") {
            let words = pair.split { $0 == " " || $0 == "\n" }
            try #require(words.count == 3 && words[1] == "->", "\(pair)")
            accounts[String(words[0])] = String(words[2])
        }
        return Aliases(accounts)
    }

    private static func cases() throws -> [Case] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            let fields = try #require(object as? [String: Any])
            let topic = try #require(fields["topic"] as? String)
            var envelope = try #require(fields["msg"] as? [String: Any])
            envelope["topic"] = topic
            let tokens = topic.split(separator: ".", omittingEmptySubsequences: false)
            var stated: [String: [String]] = [:]
            for (word, key) in [
                ("users", "usernames"), ("packages", "packages"), ("objects", "objects"),
            ] {
                // Some objects are numbers; a name is their text.
                stated[word] = (fields[key] as? [Any]).map { $0.map { "\($0)" }.sorted() }
            }
            return Case(
                name: try #require(fields["name"] as? String),
                family: tokens.count > 3 ? String(tokens[3]) : "", stated: stated,
                hasAliases: fields["aliases"] as? Bool ?? false,
                envelope: try JSONSerialization.data(withJSONObject: envelope))
        }
    }

    /// What cannot be known from the message: the builds of an update that only its service lists,
    /// and what configuration decides.
    private static func isKnowable(_ item: Case) -> Bool {
        let text = String(decoding: item.envelope, as: UTF8.self)
        if item.family == "taskotron" { return !text.contains("\"bodhi_update\"") }
        return item.family != "fedoracollege"
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: file.path), "no cases beside"))
    func agreesWithEveryStatement() throws {
        var profile = Profile.fedora
        let plain = EnvelopeParser(profile: profile)
        profile.aliases = try Self.aliases()
        let aliased = EnvelopeParser(profile: profile)
        var score: [String: (good: Int, all: Int)] = [:]
        var differences: [String] = []
        for item in try Self.cases() where Self.isKnowable(item) {
            let parser = item.hasAliases ? aliased : plain
            let names = try item.envelope.withUnsafeBytes { try parser.names(in: $0).get() }
            for (word, found) in [
                ("users", names.users), ("packages", names.packages), ("objects", names.objects),
            ] {
                guard let stated = item.stated[word] else { continue }
                let agrees = stated == found.sorted()
                for key in [item.family, "all \(word)"] {
                    score[key, default: (0, 0)].all += 1
                    score[key, default: (0, 0)].good += agrees ? 1 : 0
                }
                if !agrees {
                    differences.append("\(item.name) \(word) \(stated) found \(found)")
                }
            }
        }
        for (key, (good, all)) in score.sorted(by: { $0.key < $1.key }) {
            print("\(key): \(good) of \(all)")
        }
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
        #expect(score.count > 40, "the cases are many families")
    }
}
