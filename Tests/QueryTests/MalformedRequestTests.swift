// What could go wrong: a malformed request is taken for another one, or its sentence does not say
// what was wrong, where, and what is accepted.
import Model
import Testing

@testable import Query

@Suite struct MalformedRequestTests {
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
        let (line, sentence) = MalformedRequestTests.malformed[row]
        do {
            let request = try parse(line)
            Issue.record("\(line) was read as \(request)")
        } catch let error as RequestError {
            #expect(error.sentence == sentence, "\(line)")
        } catch {
            Issue.record("\(line): \(error)")
        }
    }
}
