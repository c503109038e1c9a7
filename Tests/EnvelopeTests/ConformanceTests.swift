// What could go wrong: the fedora profile names other users and packages than the tools that the
// bus has had until now. Holds it against what those tools' own tests state about real messages.
// The messages carry people's names, so they are no part of the repository; without them this is
// skipped.
import Envelope
import Foundation
import Model
import Testing

@Suite struct ConformanceTests {
    private struct Case {
        var name: String
        var family: String
        var users: Set<String>?
        var packages: Set<String>?
        var hasAliases: Bool
        var envelope: [UInt8]
    }

    private static let file = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("shared/data/fedmsg-cases.jsonl")

    /// The nicks that a directory would have resolved when the statements were made.
    private static let aliases = [
        "threebean": "ralph", "rbean@redhat.com": "ralph", "puiterwijk@gmail.com": "puiterwijk",
        "nicolas.mailhot@laposte.net": "nim",
    ]

    private static func cases() throws -> [Case] {
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        return try lines.map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            let fields = try #require(object as? [String: Any])
            var envelope = try #require(fields["msg"] as? [String: Any])
            if envelope["topic"] == nil { envelope["topic"] = fields["topic"] }
            let topic = try #require(fields["topic"] as? String)
            let tokens = topic.split(separator: ".", omittingEmptySubsequences: false)
            return Case(
                name: try #require(fields["name"] as? String),
                family: tokens.count > 3 ? String(tokens[3]) : "",
                users: (fields["usernames"] as? [String]).map(Set.init),
                packages: (fields["packages"] as? [String]).map(Set.init),
                hasAliases: fields["aliases"] as? Bool ?? false,
                envelope: Array(try JSONSerialization.data(withJSONObject: envelope)))
        }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: file.path), "no cases beside"))
    func agreesWithStatedNames() throws {
        let parser = EnvelopeParser(profile: .fedora)
        var agree: [String: (good: Int, all: Int)] = [:]
        var differences: [String] = []
        for item in try Self.cases() {
            let record = try parser.parse(item.envelope).get()
            var users = record.users
            if item.hasAliases { users = Set(users.map { Self.aliases[$0] ?? $0 }) }
            for (word, stated, found) in [
                ("users", item.users, users), ("packages", item.packages, record.packages),
            ] {
                guard let stated else { continue }
                agree[item.family, default: (0, 0)].all += 1
                if stated == found {
                    agree[item.family, default: (0, 0)].good += 1
                } else {
                    differences.append(
                        "\(item.name) \(word) \(stated.sorted()) found \(found.sorted())")
                }
            }
        }
        let good = agree.values.reduce(0) { $0 + $1.good }
        let all = agree.values.reduce(0) { $0 + $1.all }
        let report = "\(good) of \(all) statements agree\n" + differences.joined(separator: "\n")
        for family in [
            "git", "buildsys", "bodhi", "fas", "copr", "pagure", "fedbadges", "wiki", "irc",
        ] {
            let (good, all) = agree[family] ?? (0, 0)
            #expect(good == all, "\(family): \(good) of \(all)\n\(report)")
        }
        #expect(good * 100 >= all * 98, "\(report)")
    }
}
