// What could go wrong: a word is taken for another's value, an option is dropped in silence, a time
// lands beside the one that was meant, a limit is not checked, or a sentence does not say what was
// wrong, where, and what is accepted.
import Model
import Testing

@testable import Query

/// 2024-01-31T12:00:00Z.
private let now = Timestamp(seconds: 1_706_702_400)

private func parse(_ line: String) throws -> Request {
    var decoder = RequestDecoder()
    let bytes = Array((line + "\r\n").utf8)
    let isWhole = try bytes.withUnsafeBytes { raw throws(ProtocolError) in
        var offset = 0
        return try decoder.read(raw, from: &offset)
    }
    #expect(isWhole)
    return try RequestParser.parse(decoder.words, now: now)
}

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
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

    @Test(arguments: valid.indices) func means(row: Int) throws {
        let (line, expected) = RequestParserTests.valid[row]
        let request = try parse(line)
        #expect(request == expected, "\(line)")
    }

    private static let times =
        "epoch seconds (decimals allowed), RFC 3339 with an offset (2024-01-31T12:00:00Z), "
        + "a date (2024-01-31), now, now-7d"
    private static let options =
        "NOT, TOPIC, CATEGORY, USER, PACKAGE, AGENT, OBJECT, FROM, TO, LAST, TZ, AT"
    private static let dimensions = "topic, category, user, package, agent, object"

    private static func syntax(_ name: String) -> String {
        CommandTable.command(name)?.syntax ?? "unknown"
    }

    private static let malformed: [(String, String)] = [
        ("COUNT FOO", "COUNT, word 2: 'FOO' is no option; accepted: \(options)"),
        ("COUNT LIMIT 5", "COUNT, word 2: 'LIMIT' is no option; accepted: \(options)"),
        (
            "COUNT a-very-long-word-that-is-no-option",
            "COUNT, word 2: 'a-very-long-word-that-is-no-option' is no option; accepted: \(options)"
        ),
        (
            "COUNT \"\\x01'\\\\\"",
            "COUNT, word 2: '\\x01\\'\\\\' is no option; accepted: \(options)"
        ),
        ("COUNT USER", "COUNT, word 2: USER is followed by nothing, and takes a value"),
        ("COUNT NOT", "COUNT, word 2: NOT is followed by nothing, and takes a value"),
        ("COUNT NOT USER", "COUNT, word 3: USER is followed by nothing, and takes a value"),
        (
            "COUNT NOT FROM 5",
            "COUNT, word 3: NOT is followed by 'FROM'; accepted: "
                + "TOPIC, CATEGORY, USER, PACKAGE, AGENT, OBJECT"
        ),
        ("COUNT USER ''", "COUNT, word 3: a name is empty"),
        (
            "COUNT USER " + String(repeating: "x", count: 513),
            "COUNT, word 3: a name of 513 bytes; accepted: at most 512"
        ),
        ("COUNT FROM", "COUNT, word 2: FROM is followed by nothing, and takes a value"),
        ("COUNT FROM x", "COUNT, word 3: 'x' is no time; accepted: \(times)"),
        ("COUNT FROM ''", "COUNT, word 3: '' is no time; accepted: \(times)"),
        ("COUNT FROM 1.", "COUNT, word 3: '1.' is no time; accepted: \(times)"),
        ("COUNT FROM 1e9", "COUNT, word 3: '1e9' is no time; accepted: \(times)"),
        (
            "COUNT FROM 1706702400000",
            "COUNT, word 3: '1706702400000' lies outside the years "
                + "1 to 9999 (seconds are wanted, not milliseconds); accepted: \(times)"
        ),
        (
            "COUNT FROM 99999999999999999999",
            "COUNT, word 3: '99999999999999999999' lies outside "
                + "the years 1 to 9999 (seconds are wanted, not milliseconds); accepted: \(times)"
        ),
        (
            "COUNT FROM 2024-02-30",
            "COUNT, word 3: '2024-02-30' names a day that the calendar "
                + "does not have; accepted: \(times)"
        ),
        ("COUNT FROM 2024-1-31T", "COUNT, word 3: '2024-1-31T' is no date; accepted: \(times)"),
        (
            "COUNT FROM 2024-01-31T12:00:00",
            "COUNT, word 3: '2024-01-31T12:00:00' has no offset "
                + "(Z or +hh:mm); accepted: \(times)"
        ),
        (
            "COUNT FROM 2024-01-31T12:00:00CET",
            "COUNT, word 3: '2024-01-31T12:00:00CET' has an "
                + "offset that is neither Z nor +hh:mm; accepted: \(times)"
        ),
        (
            "COUNT FROM 2024-01-31T24:00:00Z",
            "COUNT, word 3: '2024-01-31T24:00:00Z' names a time "
                + "that a day does not have; accepted: \(times)"
        ),
        (
            "COUNT FROM 2024-01-31T12:00:60Z",
            "COUNT, word 3: '2024-01-31T12:00:60Z' names a leap "
                + "second within a day; accepted: \(times)"
        ),
        (
            "COUNT FROM 2024-01-31T12:00",
            "COUNT, word 3: '2024-01-31T12:00' is no date with a "
                + "time of day; accepted: \(times)"
        ),
        (
            "COUNT FROM now+1d",
            "COUNT, word 3: 'now' is followed by nothing or by - and a length "
                + "of time; accepted: \(times)"
        ),
        ("COUNT FROM now-1mo", "COUNT, word 3: '1mo' has no fixed length; accepted: \(times)"),
        (
            "COUNT LAST 7",
            "COUNT, word 3: '7' is no length of time; accepted: a whole number and "
                + "s, m, h, d or w, as in 90m or 7d"
        ),
        (
            "COUNT LAST 0d",
            "COUNT, word 3: '0d' is no length of time; accepted: a whole number and "
                + "s, m, h, d or w, as in 90m or 7d"
        ),
        (
            "COUNT LAST 99999999w",
            "COUNT, word 3: '99999999w' is longer than 10,000 years; "
                + "accepted: a whole number and s, m, h, d or w, as in 90m or 7d"
        ),
        (
            "COUNT FROM 10 TO 5",
            "COUNT, word 2: the range ends before it begins; accepted: "
                + "FROM at or before TO"
        ),
        ("COUNT FROM 1 FROM 2", "COUNT, word 4: FROM stands twice"),
        (
            "COUNT FROM 1 LAST 7d",
            "COUNT, word 4: LAST stands beside FROM or TO; accepted: "
                + "LAST alone, or those"
        ),
        (
            "COUNT AT USER a",
            "COUNT, word 2: AT stands before other words; accepted: "
                + "AT as the last word"
        ),
        (
            "SERIES",
            "wrong number of words for SERIES; accepted: "
                + (CommandTable.command("series")?.syntax ?? "")
        ),
        (
            "SERIES 5x",
            "SERIES, word 2: '5x' is no width of a bucket; accepted: a whole number and "
                + "s, m, h, d, w, mo or y, as in 5m or 1d, up to 1000y"
        ),
        (
            "SERIES 1001y",
            "SERIES, word 2: '1001y' is no width of a bucket; accepted: a whole "
                + "number and s, m, h, d, w, mo or y, as in 5m or 1d, up to 1000y"
        ),
        ("SERIES 1h FILL maybe", "SERIES, word 4: FILL 'maybe'; accepted: zero, none"),
        (
            "SERIES 1h FILL zero FROM 0",
            "SERIES, word 3: FILL zero needs both ends of the range; "
                + "accepted: with FROM and TO, or LAST"
        ),
        (
            "SERIES 1s FILL zero LAST 12d",
            "SERIES, word 3: 1036800 buckets; accepted: at most "
                + "1000000, take a wider bucket or a shorter range"
        ),
        ("SERIES 1h BY", "SERIES, word 3: BY is followed by nothing, and takes a value"),
        ("SERIES 1h BY zone", "SERIES, word 4: 'zone' is no dimension; accepted: \(dimensions)"),
        ("SERIES 1h BY user BY user", "SERIES, word 5: BY stands twice"),
        (
            "SERIES 1h LEVEL 3",
            "SERIES, word 3: LEVEL stands without BY; accepted: BY dimension first"
        ),
        (
            "SERIES 1h LIMIT 3",
            "SERIES, word 3: LIMIT stands without BY; accepted: BY dimension first"
        ),
        ("SERIES 1h BY topic LEVEL 0", "SERIES, word 6: '0' is no level; accepted: 1 to 64"),
        ("SERIES 1h BY topic LEVEL x", "SERIES, word 6: 'x' is no level; accepted: 1 to 64"),
        (
            "SERIES 1h BY user LEVEL 2",
            "SERIES, word 5: LEVEL is of topics, which have dots; accepted: with "
                + "topic"
        ),
        (
            "TOP 3 user LEVEL 2",
            "TOP, word 4: LEVEL is of topics, which have dots; accepted: with topic"
        ),
        (
            "SERIES 1d DISTINCT user BY topic",
            "SERIES, word 3: DISTINCT stands beside BY; accepted: one of them in a "
                + "request"
        ),
        (
            "SERIES 1h STEP 0s",
            "SERIES, word 4: '0s' is no step; accepted: a whole number and s, m, h, "
                + "d or w, as in 90m or 7d"
        ),
        (
            "SERIES 1h STEP 1mo",
            "SERIES, word 4: '1mo' is no step; accepted: a whole number and s, m, h, "
                + "d or w, as in 90m or 7d"
        ),
        (
            "SERIES 1mo STEP 1d",
            "SERIES, word 3: STEP needs a width that is always the same; accepted: "
                + "with s, m and h, and with d and w in UTC"
        ),
        (
            "SERIES 1d STEP 1h TZ Europe/Berlin",
            "SERIES, word 3: STEP needs a width that is always the same; accepted: "
                + "with s, m and h, and with d and w in UTC"
        ),
        (
            "SERIES 5000001s STEP 7s",
            "SERIES, word 3: windows of 5000001s every 7 s are made of 5000001 "
                + "pieces; accepted: at most 1000000, take a step that divides the width"
        ),
        (
            "SERIES 1d ORIGIN 5",
            "SERIES, word 3: buckets of 1d begin where a day does in UTC, and ORIGIN "
                + "is no such moment; accepted: a date, the first of a month for months, 1 "
                + "January for years"
        ),
        (
            "SERIES 1mo ORIGIN 2024-01-02",
            "SERIES, word 3: buckets of 1mo begin where a month does in UTC, and "
                + "ORIGIN is no such moment; accepted: a date, the first of a month for "
                + "months, 1 January for years"
        ),
        (
            "SERIES 1h ORIGIN 0.5",
            "SERIES, word 3: buckets of 1h begin where a second does in UTC, and "
                + "ORIGIN is no such moment; accepted: a date, the first of a month for "
                + "months, 1 January for years"
        ),
        (
            "COUNT TZ Mars/Olympus",
            "COUNT, word 3: zone 'Mars/Olympus' is not known; accepted: UTC and the "
                + "system's names, as in Europe/Berlin"
        ),
        (
            "COUNT TZ ../../../etc/passwd",
            "COUNT, word 3: zone '../../../etc/passwd' is not known; accepted: UTC "
                + "and the system's names, as in Europe/Berlin"
        ),
        (
            "NAMES user LAST 7d",
            "NAMES, word 3: a range stands without NEW; accepted: NEW before it"
        ),
        ("LATEST user", "wrong number of words for LATEST; accepted: \(syntax("LATEST"))"),
        ("LATEST BY", "wrong number of words for LATEST; accepted: \(syntax("LATEST"))"),
        ("LATEST BY colour", "LATEST, word 3: 'colour' is no dimension; accepted: \(dimensions)"),
        ("LATEST BY user LIMIT 5", "LATEST, word 4: 'LIMIT' is no option; accepted: \(options)"),
        ("READ", "wrong number of words for READ; accepted: \(syntax("READ"))"),
        ("READ FROM", "wrong number of words for READ; accepted: \(syntax("READ"))"),
        ("READ 5 LIMIT", "wrong number of words for READ; accepted: \(syntax("READ"))"),
        (
            "READ FROM 0",
            "READ, word 3: '0' is no sequence; accepted: 1 and up, the first part of "
                + "a reply to READ, or $ for what comes from now on"
        ),
        (
            "READ FROM now",
            "READ, word 3: 'now' is no sequence; accepted: 1 and up, the first part "
                + "of a reply to READ, or $ for what comes from now on"
        ),
        (
            "READ FROM 1 WAIT 300001",
            "READ, word 5: '300001' is no number of milliseconds; accepted: 0 to "
                + "300000"
        ),
        (
            "READ FROM 1 WAIT 5s",
            "READ, word 5: '5s' is no number of milliseconds; accepted: 0 to 300000"
        ),
        (
            "READ FROM 1 TO 5",
            "READ, word 4: 'TO' is no option; accepted: NOT, TOPIC, CATEGORY, USER, "
                + "PACKAGE, AGENT, OBJECT, LIMIT, WAIT, AT"
        ),
        ("EXPLAIN", "wrong number of words for EXPLAIN; accepted: EXPLAIN question [question ...]"),
        (
            "EXPLAIN PING",
            "EXPLAIN, word 2: 'PING' is no question; accepted: COUNT, SERIES, TOP, "
                + "DISTINCT, NAMES, SEEN, MESSAGES, LATEST, GET, READ"
        ),
        (
            "EXPLAIN COUNT FROM 2 TO 1",
            "EXPLAIN: COUNT, word 2: the range ends before it begins; accepted: FROM "
                + "at or before TO"
        ),
        (
            "TOP 10",
            "wrong number of words for TOP; accepted: "
                + (CommandTable.command("top")?.syntax ?? "")
        ),
        ("TOP 0 user", "TOP, word 2: '0' is no number of rows; accepted: 1 to 10000"),
        ("TOP 10001 user", "TOP, word 2: '10001' is no number of rows; accepted: 1 to 10000"),
        ("TOP 5 users", "TOP, word 3: 'users' is no dimension; accepted: \(dimensions)"),
        ("NAMES from", "NAMES, word 2: 'from' is no dimension; accepted: \(dimensions)"),
        (
            "NAMES user NEW",
            "NAMES, word 3: NEW needs a range; accepted: NEW FROM time TO time, NEW LAST 7d"
        ),
        (
            "SEEN user a LAST 7d",
            "SEEN, word 4: 'LAST' is no option; accepted: NOT, TOPIC, "
                + "CATEGORY, USER, PACKAGE, AGENT, OBJECT, AT"
        ),
        ("MESSAGES ORDER up", "MESSAGES, word 3: ORDER 'up'; accepted: asc, desc"),
        ("MESSAGES CONTAINS ''", "MESSAGES, word 3: CONTAINS takes a text of at least one byte"),
        (
            "MESSAGES AFTER 5",
            "MESSAGES, word 3: '5' is no cursor; accepted: the first part of a "
                + "reply to MESSAGES"
        ),
        ("GET", "wrong number of words for GET; accepted: GET id [AT]"),
        ("GET a b", "GET, word 3: 'b' is no option; accepted: AT"),
        ("APPEND", "wrong number of words for APPEND; accepted: APPEND envelope"),
        ("CHECKPOINT now", "wrong number of words for CHECKPOINT; accepted: CHECKPOINT"),
        ("HELLO 4", "HELLO, word 2: protocol '4'; accepted: 2, 3"),
        ("HELLO 3 FOO", "HELLO, word 3: 'FOO' is no option; accepted: AUTH, SETNAME"),
        ("CLIENT KILL 5", "CLIENT, word 2: CLIENT 'KILL'; accepted: ID, GETNAME, SETNAME, SETINFO"),
        (
            "CLIENT SETNAME 'a b'",
            "CLIENT, word 3: a client's name 'a b'; accepted: at most 64 "
                + "printable ASCII characters without spaces"
        ),
        (
            "COMMAND GETKEYS x",
            "COMMAND, word 2: COMMAND 'GETKEYS'; accepted: COUNT, DOCS, INFO, LIST"
        ),
        ("CONFIG SET a b", "CONFIG, word 2: CONFIG 'SET'; accepted: GET (nothing is set here)"),
        ("SELECT 1", "SELECT, word 2: database '1'; accepted: 0, there is one"),
        (
            "FLUSHALL",
            "unknown command 'FLUSHALL'; accepted: "
                + CommandTable.all.map(\.name).joined(separator: ", ")
        ),
    ]

    @Test(arguments: malformed.indices) func refuses(row: Int) {
        let (line, sentence) = RequestParserTests.malformed[row]
        do {
            let request = try parse(line)
            Issue.record("\(line) was read as \(request)")
        } catch let error as RequestError {
            #expect(error.sentence == sentence, "\(line)")
        } catch {
            Issue.record("\(line): \(error)")
        }
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
