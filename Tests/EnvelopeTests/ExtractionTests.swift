// What could go wrong: a rule finds the wrong field, an alternative is taken beside another, a name
// is doubled, empty, unescaped wrongly or too long, or a message with very many names breaks a
// bound.
import Envelope
import Model
import Testing

@Suite struct ExtractionTests {
    private let fedora = EnvelopeParser(profile: .fedora)

    /// Made-up messages: topic behind `org.fedoraproject.prod.`, msg, users, packages.
    private static let cases: [(String, String, Set<String>, Set<String>)] = [
        (
            "git.receive", #"{"agent":"ann","commit":{"username":"bob","repo":"pkg"}}"#, ["ann"],
            ["pkg"]
        ),
        (
            "git.receive",
            #"{"commit":{"username":"bob","repo":"pkg","namespace":"docker","branch":"f1"}}"#,
            ["bob"], []
        ),
        ("git.receive.lib-x.main", #"{"commit":{"branch":"main"}}"#, [], ["lib-x"]),
        ("git.branch.x", #"{"agent":"ann","name":"pkg"}"#, ["ann"], ["pkg"]),
        (
            "git.pkgdb2branch.complete",
            #"{"agent":"ann","branchedPackages":["a","b"],"unbranchedPackages":["b",7,""]}"#,
            ["ann"], ["a", "b"]
        ),
        (
            "buildsys.build.state.change", #"{"owner":"ann","name":"pkg","agent":"x"}"#, ["ann"],
            ["pkg"]
        ),
        ("buildsys.build.state.change", #"{"owner":null,"name":"pkg"}"#, [], ["pkg"]),
        ("buildsys.task.state.change", #"{"owner":"ann","name":"pkg"}"#, ["ann"], []),
        ("buildsys.untag", #"{"owner":"ann","user":"bob","name":"p"}"#, ["ann", "bob"], ["p"]),
        ("buildsys.rpm.sign", #"{"rpm":{"name":"p"},"agent":"x"}"#, [], ["p"]),
        ("buildsys.repo.done", #"{"agent":"x","name":"p"}"#, [], []),
        (
            "bodhi.update.comment",
            #"{"comment":{"user":{"name":"ann"},"text":"@bob, (@eve) x@y.z @","update":"#
                + #"{"user":{"name":"kim"},"title":"a-b-1-2.fc1 c-3-4,d-5-6"}}}"#,
            ["ann", "bob", "eve"], ["a-b", "c", "d"]
        ),
        (
            "bodhi.update.request.testing",
            #"{"agent":"ann","update":{"submitter":"bob","builds":[{"nvr":"x-y-1-2"}]}}"#,
            ["ann", "bob"], ["x-y"]
        ),
        (
            "bodhi.buildroot_override.tag",
            #"{"override":{"submitter":{"name":"ann"},"build":"a-1-2"}}"#, ["ann"], ["a"]
        ),
        ("fas.user.update", #"{"user":"ann","agent":{"username":"bob"}}"#, ["ann", "bob"], []),
        ("fas.group.member.apply", #"{"user":{"name":"ann"},"agent":"ann"}"#, ["ann"], []),
        ("copr.build.end", #"{"user":"ann","owner":"@group","pkg":"p"}"#, ["ann", "@group"], []),
        ("pagure.issue.new", #"{"agent":"ann","user":"bob"}"#, ["ann"], []),
        ("fedbadges.badge.award", #"{"user":{"username":"ann"}}"#, ["ann"], []),
        ("fedbadges.person.rank.advance", #"{"person":{"nickname":"ann"}}"#, ["ann"], []),
        ("wiki.article.edit", #"{"user":"AnnE","user_text":"x"}"#, ["anne"], []),
        ("wiki.upload.complete", #"{"user":"","user_text":"\u00c4nn"}"#, ["\u{e4}nn"], []),
        ("irc.karma", #"{"agent":"ann","recipient":"bob"}"#, ["ann", "bob"], []),
        ("planet.post.new", #"{"username":"ann"}"#, ["ann"], []),
        (
            "github.push", #"{"fas_usernames":{"a":"ann","b":"github_org_x","a":"bob"}}"#, ["bob"],
            []
        ),
        ("meetbot.meeting.start", #"{"attendees":{"ann":1,"zodbot":2}}"#, ["ann"], []),
        ("askbot.post.edit", #"{"agent":"a","newly_mentioned_users":["b"]}"#, ["a", "b"], []),
        (
            "anitya.project.version.update",
            #"{"message":{"agent":"http://ann.id.fedoraproject.org/"},"packages":["#
                + #"{"distro":"Fedora","package_name":"p"},{"distro":"Else","package_name":"q"}]}"#,
            ["ann"], ["p"]
        ),
        ("anitya.project.add", #"{"message":{"agent":"x@example.org"}}"#, [], []),
        ("unknown.thing", #"{"agent":"ann","name":"p"}"#, ["ann"], []),
        ("unknown.thing", #"{"agent":["ann"]}"#, [], []),
        ("unknown.thing", #"{"agent":"ann","agent":"bob"}"#, ["bob"], []),
        ("unknown.thing", #"{"\u0061gent":"a\"\ud83d\ude00\ud800"}"#, ["a\"\u{1f600}\u{fffd}"], []),
        ("unknown.thing", #"[{"agent":"ann"}]"#, [], []),
    ]

    @Test func findsUsersAndPackages() throws {
        for (topic, msg, users, packages) in Self.cases {
            let full = "org.fedoraproject.prod.\(topic)"
            let record = try fedora.parse("{\"topic\":\"\(full)\",\"msg\":\(msg)}").get()
            #expect(record.topic == full)
            #expect(record.users == users, "\(topic) \(msg)")
            #expect(record.packages == packages, "\(topic) \(msg)")
            let count =
                1 + users.count + packages.count + record.objects.count
                + (record.agent == nil ? 0 : 1)
            #expect(record.nameCount == count, "\(topic) \(msg)")
        }
    }

    @Test func genericProfileIgnoresTopics() throws {
        let generic = EnvelopeParser(profile: .generic)
        let text =
            #"{"topic":"a.b.c.git.receive","msg":{"agent":"ann","assignee":"bob","#
            + #""commit":{"repo":"p"},"name":"q","project":{"name":"p"}}}"#
        let record = try generic.parse(text).get()
        #expect(record.users == ["ann", "bob"] && record.packages == ["p", "q"])
        #expect(try Profile.load("generic", aliases: nil).name == "generic")
    }

    @Test func keepsWithinLimits() throws {
        let long = String(repeating: "x", count: Limits.nameBytesMax)
        let before = fedora.namesSkipped
        var names = (0..<3_000).map { "\"n\($0 % 2_000)\"" } + ["\"\(long)\"", "\"\(long)x\""]
        let topic = "org.fedoraproject.prod.git.pkgdb2branch.complete"
        let envelope = { (names: [String]) in
            "{\"topic\":\"\(topic)\",\"msg\":{\"branchedPackages\":"
                + "[\(names.joined(separator: ","))]}}"
        }
        let full = try fedora.parse(envelope(names)).get()
        #expect(full.nameCount == Limits.namesPerMessageMax)
        #expect(fedora.namesSkipped > before)
        names = Array(names.suffix(2))
        let few = try fedora.parse(envelope(names)).get()
        #expect(few.packages == [long])
    }

    /// More topics than the table of topics holds, each twice: the rule found first must be found
    /// again.
    @Test func remembersTopicsRightly() throws {
        for round in 0..<2 {
            for number in 0..<5_000 {
                let isBuild = number % 2 == 0
                let family = isBuild ? "buildsys.repo.n\(number)" : "other.n\(number)"
                let topic = "org.fedoraproject.prod.\(family)"
                let record = try fedora.parse(
                    "{\"topic\":\"\(topic)\",\"msg\":{\"agent\":\"ann\"}}"
                ).get()
                #expect(record.users == (isBuild ? [] : ["ann"]), "round \(round) \(topic)")
            }
        }
    }
}
