import Foundation
import Tallylog

/// What it costs to find the names of messages: parses made-up messages of several families under
/// one profile after the other, and takes them into a new store, durably, from JSON text to the
/// final checkpoint.
///
/// usage: Naming [MESSAGES=200000] [ROUNDS=5] [PROFILE ...]
@main
enum Naming {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let count = arguments.first.flatMap { Int($0) } ?? 200_000
        let rounds = arguments.dropFirst().first.flatMap { Int($0) } ?? 5
        let listed = Array(arguments.dropFirst(2))
        let profiles = listed.isEmpty ? ["none", "generic", "fedora"] : listed
        let envelopes = (0..<count).map { Array(MadeUpFamilies.envelope($0).utf8) }
        let bytes = envelopes.reduce(0) { $0 + $1.count }
        print("\(count) messages of \(bytes / count) bytes, \(MadeUpFamilies.count) families")
        for profile in profiles {
            var parse: [Double] = []
            let empty = try MessageBatch(profile: profile)
            for _ in 0..<rounds {
                let start = processorMicroseconds
                parseAll(envelopes, empty)
                parse.append(Double(processorMicroseconds - start) / Double(count))
            }
            var ingest: [Double] = []
            for _ in 0..<rounds {
                let start = processorMicroseconds
                try await takeIn(envelopes, empty)
                ingest.append(Double(processorMicroseconds - start) / Double(count))
            }
            print(
                "\(profile): us of CPU a message at best: parse \(parse.min() ?? 0), "
                    + "all \(ingest.min() ?? 0)")
        }
    }

    /// As a service would that embeds the engine: batches of 10,000, each durable.
    private static func takeIn(_ envelopes: [[UInt8]], _ empty: MessageBatch) async throws {
        let directory = "naming-store.\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let store = try Store.open(directory)
        for start in stride(from: 0, to: envelopes.count, by: 10_000) {
            var batch = empty
            let refused = batch.add(
                Array(envelopes[start..<min(start + 10_000, envelopes.count)]))
            precondition(refused.isEmpty, "a made-up message is a message")
            _ = try await store.append(batch)
        }
        try store.checkpoint()
        try store.close()
    }

    /// In batches, as a feed would.
    private static func parseAll(_ envelopes: [[UInt8]], _ empty: MessageBatch) {
        for start in stride(from: 0, to: envelopes.count, by: 10_000) {
            var batch = empty
            let refused = batch.add(
                Array(envelopes[start..<min(start + 10_000, envelopes.count)]))
            precondition(refused.isEmpty, "a made-up message is a message")
        }
    }

    private static var processorMicroseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}

/// Messages of a bus's families in turn, with made-up names, about as long as real ones.
enum MadeUpFamilies {
    static let count = bodies.count

    static func envelope(_ number: Int) -> String {
        let (topic, body) = bodies[number % bodies.count]
        let msg = body.replacing("NUMBER", with: "\(number % 977)")
            .replacing("PERSON", with: "person\(number * 31 % 503)")
        return
            "{\"i\":\(number % 1000),\"timestamp\":\(1_767_225_600 + number),"
            + "\"msg_id\":\"2026-\(id(number))\",\"topic\":\"org.fedoraproject.prod.\(topic)\","
            + "\"username\":\"apache\",\"crypto\":\"x509\",\"source_name\":\"datanommer\","
            + "\"source_version\":\"0.9.1\",\"signature\":\"\(filler)\",\"msg\":\(msg)}"
    }

    private static func id(_ number: Int) -> String {
        let digits = String(1_000_000_000_000 + number).dropFirst()
        return "12345678-1234-4123-8123-" + digits
    }

    private static let filler = String(repeating: "c2lnbmF0dXJl", count: 14)

    private static let bodies: [(String, String)] = [
        (
            "git.receive",
            #"{"commit":{"username":"PERSON","agent":"PERSON","name":"P","email":"p@example."#
                + #"org","repo":"pkgNUMBER","namespace":"rpms","branch":"master","rev":"0123456789"#
                + #"abcdef","summary":"fix NUMBER","message":"fix NUMBER","path":"/srv/git/x","see"#
                + #"n":false,"stats":{"files":{"a.spec":{"additions":1},"sources":{"additions":2}}"#
                + #","total":{"additions":3}}}}"#
        ),
        (
            "buildsys.build.state.change",
            #"{"build_id":NUMBER,"old":0,"name":"pkgNUMBER","task_id":NUMBER,"attribute":"st"#
                + #"ate","request":["git+https://example.org/x","f40"],"instance":"primary","versi"#
                + #"on":"1.NUMBER","owner":"PERSON","new":1,"release":"1.fc40"}"#
        ),
        (
            "bodhi.update.comment",
            #"{"comment":{"karma":1,"text":"works for me, thanks @PERSON and @other","author"#
                + #"":"PERSON","user":{"name":"PERSON","email":"p@example.org","groups":[]},"updat"#
                + #"e_title":"pkgNUMBER-1.0-1.fc40 lib-2-3.fc40","timestamp":"2026-01-01"},"agent""#
                + #":"PERSON"}"#
        ),
        (
            "pagure.issue.comment.added",
            #"{"issue":{"id":NUMBER,"title":"t","status":"Open","tags":[],"user":{"name":"PE"#
                + #"RSON","fullname":"P"},"comments":[{"id":1,"comment":"text"}]},"project":{"name"#
                + #"":"projNUMBER","namespace":null,"parent":null,"user":{"name":"PERSON"},"tags":"#
                + #"[],"description":"d"},"agent":"PERSON"}"#
        ),
        (
            "fedbadges.badge.award",
            #"{"badge":{"name":"Badge Number NUMBER","description":"For things","image_url":"#
                + #""https://example.org/b.png","badge_id":"badge-NUMBER"},"user":{"username":"PER"#
                + #"SON","badges_user_id":NUMBER}}"#
        ),
        (
            "wiki.article.edit",
            #"{"watch_this":null,"base_rev_id":false,"title":"Page NUMBER","minor_edit":0,"t"#
                + #"ext":"","summary":"","user":"PERSON","revision":null,"url":"https://example.or"#
                + #"g/w"}"#
        ),
        (
            "copr.build.end",
            #"{"status":1,"what":"build end","chroot":"fedora-40-x86_64","ip":"10.0.0.1","us"#
                + #"er":"PERSON","who":"worker-2","pid":NUMBER,"copr":"coprNUMBER","version":"1-1""#
                + #","build":NUMBER,"owner":"@group","pkg":"pkgNUMBER"}"#
        ),
        (
            "github.issue.comment",
            #"{"action":"created","fas_usernames":{"PERSON":"PERSON"},"issue":{"number":NUMB"#
                + #"ER,"title":"t","user":{"login":"PERSON"}},"comment":{"body":"text","user":{"lo"#
                + #"gin":"PERSON"}},"repository":{"name":"repoNUMBER","owner":{"login":"owner"},"f"#
                + #"ull_name":"owner/repo"},"sender":{"login":"PERSON"}}"#
        ),
        (
            "anitya.project.version.update",
            #"{"project":{"id":NUMBER,"name":"upNUMBER","homepage":"https://example.org","re"#
                + #"gex":null},"message":{"agent":"anitya","old_version":"1","upstream_version":"2"#
                + #"","packages":[{"package_name":"pkgNUMBER","distro":"Fedora"},{"package_name":""#
                + #"x","distro":"Other"}]},"distro":null}"#
        ),
        (
            "mailman.receive",
            #"{"mlist":{"list_name":"devel"},"msg":{"from":"P <PERSON@fedoraproject.org>","t"#
                + #"o":"devel@lists.example.org","subject":"s NUMBER","references":"<aNUMBER@x>\n\"#
                + #"t<b@x>","in-reply-to":"<b@x>","message-id":"<cNUMBER@x>","archived-at":"<https"#
                + #"://example.org>"}}"#
        ),
        (
            "irc.karma",
            #"{"agent":"PERSON","recipient":"personNUMBER","total":NUMBER,"vote":1,"channel""#
                + #":"devel","line":"thanks personNUMBER++"}"#
        ),
        (
            "ci.pipeline.package.complete",
            #"{"username":"PERSON","namespace":"rpms","repo":"pkgNUMBER","rev":"abcdefNUMBER"#
                + #"","branch":"f40","status":"success","build_id":"NUMBER","build_url":"https://e"#
                + #"xample.org","CI_TYPE":"custom","CI_NAME":"ci"}"#
        ),
    ]
}
