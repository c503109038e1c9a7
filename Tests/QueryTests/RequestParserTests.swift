// What could go wrong: a word is taken for another's value, an option is dropped in silence, a time
// lands beside the one that was meant, a limit is not checked, or a sentence does not say what was
// wrong, where, and what is accepted.
import Model
import Testing

@testable import Query

private func seconds(_ value: Int64) -> Timestamp { Timestamp(seconds: value) }

private func count(
    any: [Filter.Clause] = [], none: [Filter.Clause] = [], _ lower: Int64? = nil,
    _ upper: Int64? = nil
) -> Request {
    let range = TimeRange(lower: lower.map(seconds), upper: upper.map(seconds))
    return .question(
        .count(Selection(filter: Filter(any: any, none: none), range: range)), withSequence: false)
}

private func clause(_ dimension: Dimension, _ names: String...) -> Filter.Clause {
    Filter.Clause(dimension, names.map { .name(bytes($0)) })
}

@Suite struct RequestParserTests {
    private static let valid: [(String, Request)] = [
        // Filters.
        ("COUNT", count()),
        ("count", count()),
        ("COUNT TOPIC a.b", count(any: [clause(.topic, "a.b")])),
        ("COUNT user Ralph", count(any: [clause(.user, "Ralph")])),
        ("COUNT USER a USER b", count(any: [clause(.user, "a", "b")])),
        ("COUNT USER a USER b USER a", count(any: [clause(.user, "a", "b")])),
        (
            "COUNT USER a CATEGORY git USER b",
            count(any: [clause(.user, "a", "b"), clause(.category, "git")])
        ),
        ("COUNT NOT USER a USER b", count(any: [clause(.user, "b")], none: [clause(.user, "a")])),
        ("COUNT NOT USER a NOT USER b", count(none: [clause(.user, "a", "b")])),
        ("COUNT PACKAGE NOT", count(any: [clause(.package, "NOT")])),
        ("COUNT AGENT x OBJECT y", count(any: [clause(.agent, "x"), clause(.object, "y")])),
        (
            "COUNT TOPIC org.example.*",
            count(any: [Filter.Clause(.topic, [.prefix(bytes("org.example."))])])
        ),
        ("COUNT USER org.*", count(any: [clause(.user, "org.*")])),
        ("COUNT TOPIC *", count(any: [clause(.topic, "*")])),
        ("COUNT USER AT", count(any: [clause(.user, "AT")])),
        // Times.
        ("COUNT FROM 5 TO 10", count(5, 10)),
        ("COUNT TO 10 FROM 5", count(5, 10)),
        ("COUNT FROM -5", count(-5)),
        ("COUNT FROM 5 TO 5", count(5, 5)),
        ("COUNT FROM 2024-01-31", count(1_706_659_200)),
        ("COUNT FROM 2024-02-29 TO 2024-03-01", count(1_709_164_800, 1_709_251_200)),
        ("COUNT FROM 2024-01-31T12:00:00Z", count(1_706_702_400)),
        ("COUNT FROM 2024-01-31t12:00:00z", count(1_706_702_400)),
        ("COUNT FROM '2024-01-31 12:00:00+01:00'", count(1_706_698_800)),
        ("COUNT FROM 2024-01-31T12:00:00-05:30", count(1_706_722_200)),
        ("COUNT FROM 2016-12-31T23:59:60Z", count(1_483_228_800)),
        ("COUNT FROM now", count(1_706_702_400)),
        ("COUNT FROM NOW-90m TO now", count(1_706_697_000, 1_706_702_400)),
        ("COUNT FROM now-1w", count(1_706_097_600)),
        ("COUNT LAST 7d", count(1_706_097_600, 1_706_702_400)),
        ("COUNT LAST 7d TZ utc", count(1_706_097_600, 1_706_702_400)),
        ("COUNT FROM 0001-01-01", count(-62_135_596_800)),
        ("COUNT TO 253402300800", count(nil, 253_402_300_800)),
        // AT, and the other questions.
        ("COUNT AT", .question(.count(Selection()), withSequence: true)),
        (
            "COUNT USER a AT",
            .question(
                .count(Selection(filter: Filter(any: [clause(.user, "a")]))), withSequence: true)
        ),
        (
            "SERIES 1h",
            .question(
                .series(SeriesQuestion(grid: BucketGrid(Every(1, .hour)))), withSequence: false)
        ),
        (
            "SERIES 15mo",
            .question(
                .series(SeriesQuestion(grid: BucketGrid(Every(15, .month)))), withSequence: false)
        ),
        (
            "SERIES 5m DISTINCT user FROM 0 TO 600 FILL zero",
            .question(
                .series(
                    SeriesQuestion(
                        grid: BucketGrid(Every(5, .minute)), distinct: .user,
                        selection: Selection(
                            range: TimeRange(lower: seconds(0), upper: seconds(600))),
                        fill: .zero)), withSequence: false)
        ),
        (
            "SERIES 1d FILL none",
            .question(
                .series(SeriesQuestion(grid: BucketGrid(Every(1, .day)))), withSequence: false)
        ),
        (
            "TOP 10 user",
            .question(.top(TopQuestion(limit: 10, dimension: .user)), withSequence: false)
        ),
        (
            "TOP all TOPIC EXCEPT a EXCEPT b",
            .question(
                .top(TopQuestion(limit: nil, dimension: .topic, except: [bytes("a"), bytes("b")])),
                withSequence: false)
        ),
        (
            "TOP 3 user TOPIC t EXCEPT x NOT USER y",
            .question(
                .top(
                    TopQuestion(
                        limit: 3, dimension: .user, except: [bytes("x")],
                        selection: Selection(
                            filter: Filter(any: [clause(.topic, "t")], none: [clause(.user, "y")])))
                ),
                withSequence: false)
        ),
        (
            "DISTINCT package USER a",
            .question(
                .distinct(.package, Selection(filter: Filter(any: [clause(.user, "a")]))),
                withSequence: false)
        ),
        ("NAMES topic", .question(.names(NamesQuestion(dimension: .topic)), withSequence: false)),
        (
            "NAMES user LIMIT 5 PREFIX ra AT",
            .question(
                .names(NamesQuestion(dimension: .user, prefix: bytes("ra"), limit: 5)),
                withSequence: true)
        ),
        (
            "SEEN user ralph CATEGORY git",
            .question(
                .seen(
                    SeenQuestion(
                        dimension: .user, name: bytes("ralph"),
                        filter: Filter(any: [clause(.category, "git")]))), withSequence: false)
        ),
        (
            "SEEN topic a.*",
            .question(
                .seen(SeenQuestion(dimension: .topic, name: bytes("a.*"))), withSequence: false)
        ),
        ("GET 2024-abc", .question(.get(MessageID("2024-abc")), withSequence: false)),
        (
            "GET 2015-00000000-0000-0000-0000-00000000000f AT",
            .question(
                .get(MessageID(form: 2015, high: 0, low: 15)), withSequence: true)
        ),
        // Operations.
        ("APPEND {\"a\": \"b  c\"} ", .append(bytes("{\"a\": \"b  c\"} "))),
        ("APPEND '{\"a\":1}'", .append(bytes("{\"a\":1}"))),
        ("CHECKPOINT", .checkpoint),
        ("compact", .compact), ("Rebuild", .rebuild), ("BACKUP /a/b", .backup(Array("/a/b".utf8))),
        ("INFO", .info(sections: [])),
        ("INFO Server clients", .info(sections: ["server", "clients"])),
        // Connection.
        ("PING", .connection(.ping(nil))),
        ("ping \"a\\x41\\n\"", .connection(.ping(bytes("aA\n")))),
        ("ECHO ''", .connection(.echo([]))),
        ("HELLO", .connection(.hello(version: nil, user: nil, name: nil))),
        (
            "HELLO 3 AUTH default pw SETNAME me",
            .connection(.hello(version: 3, user: bytes("default"), name: bytes("me")))
        ),
        ("CLIENT id", .connection(.clientID)),
        ("CLIENT SETNAME worker-1", .connection(.clientSetName(bytes("worker-1")))),
        ("CLIENT SETINFO LIB-NAME redis-py", .connection(.clientSetInfo)),
        ("COMMAND", .connection(.commandInfo([]))),
        ("COMMAND DOCS count", .connection(.commandDocs([bytes("count")]))),
        ("CONFIG GET save", .connection(.configGet)),
        ("SELECT 0", .connection(.select)),
        ("QUIT", .connection(.quit)),
    ]

    private func question(_ line: String) throws -> Question? {
        guard case .question(let question, _) = try parse(line) else { return nil }
        return question
    }

    /// A name that reads like the word RULE makes no question about a rule.
    @Test func aNameMayReadRule() throws {
        let user = Filter.Clause(.user, [.name(Array("rule".utf8))])
        let selection = Selection(filter: Filter(any: [user]))
        #expect(try question("COUNT USER rule") == .count(selection))
        #expect(try question("DISTINCT topic USER rule") == .distinct(.topic, selection))
        #expect(try question("LATEST BY package USER rule") == .latest(.package, selection))
        #expect(
            try question("TOP 3 agent USER rule")
                == .top(TopQuestion(limit: 3, dimension: .agent, selection: selection)))
        #expect(
            try question("SERIES 1h BY agent USER rule")
                == .series(
                    SeriesQuestion(
                        grid: BucketGrid(Every(1, .hour)), by: Grouping(.agent),
                        selection: selection)))
        #expect(
            try question("COUNT USER a RULE volume")
                == .rule(
                    RuleQuestion(
                        rule: "volume", .count,
                        filters: [.init(key: "user", name: Array("a".utf8))])))
    }

    @Test(arguments: valid.indices) func means(row: Int) throws {
        let (line, expected) = RequestParserTests.valid[row]
        let request = try parse(line)
        #expect(request == expected, "\(line)")
    }

    /// Both ends of a range are exact for any number of decimals.
    @Test(arguments: [
        ("1445752800.5", 1_445_752_800_500_000), ("0.000001", 1), ("0.0000001", 1),
        ("0.0000000", 0),
        ("-0.5", -500_000), ("-0.0000019", -1), ("1.1234561", 1_123_457), ("1.123456", 1_123_456),
        ("2024-01-31T00:00:00.25Z", 1_706_659_200_250_000),
        ("2024-01-31T00:00:00.0000001Z", 1_706_659_200_000_001),
    ]) func decimals(text: String, microseconds: Int64) throws {
        #expect(
            try TimeText.moment(bytes(text)[...], now: now).time.microseconds == microseconds)
    }

    /// A cursor goes on with its own listing, also where the range moves with the clock, and with
    /// no other.
    @Test func cursorsBelongToTheirListing() throws {
        let line = "MESSAGES USER a LAST 7d CONTAINS x ORDER asc"
        guard case .question(.messages(let first), _) = try parse(line) else {
            Issue.record("not MESSAGES")
            return
        }
        let cursor = Cursor(
            time: seconds(-5), sequence: 77, began: UInt64.max, listing: first.listing)
        let text = String(decoding: cursor.text, as: UTF8.self)
        #expect(Cursor(text: cursor.text) == cursor)
        let words = Words(
            (line + " LIMIT 5 AFTER " + text).split(separator: " ").map { bytes(String($0)) })
        let later = try RequestParser.parse(words, now: seconds(now.seconds + 60))
        guard case .question(.messages(let second), _) = later else {
            Issue.record("not MESSAGES")
            return
        }
        #expect(second.after == cursor)
        #expect(second.limit == 5)
        let others = [
            "MESSAGES USER a LAST 7d CONTAINS x", "MESSAGES USER b LAST 7d CONTAINS x ORDER asc",
            "MESSAGES NOT USER a LAST 7d CONTAINS x ORDER asc",
            "MESSAGES USER a LAST 8d CONTAINS x ORDER asc", "MESSAGES USER a CONTAINS x ORDER asc",
            "MESSAGES USER a LAST 7d CONTAINS y ORDER asc",
            "MESSAGES USER a FROM 1706097600 TO 1706702400 CONTAINS x ORDER asc",
        ]
        for other in others {
            #expect(throws: RequestError.self, "\(other)") { try parse(other + " AFTER " + text) }
        }
    }
}
