import Glibc
import Model

/// Reads the files of the system's zone database (TZif, RFC 9636).
enum ZoneFile {
    private static let directory = "/usr/share/zoneinfo/"
    /// The largest is a few kilobytes.
    private static let bytesMax = 1 << 20

    /// A zone's rules; nil where no file of that name is one.
    static func rules(of name: String) -> ZoneRules? {
        // A name of the database; not a way out of its directory.
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard name.utf8.count <= Limits.zoneNameBytesMax,
            parts.allSatisfy({ !$0.isEmpty && !$0.hasPrefix(".") }),
            name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let bytes = read(directory + name)
        else { return nil }
        return parse(bytes)
    }

    private static func read(_ path: String) -> [UInt8]? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size <= bytesMax
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe Glibc.read(file, buffer.baseAddress, buffer.count)
        }
        return count == bytes.count ? bytes : nil
    }

    /// The rules in a file's bytes: its second part, which has 64-bit times, and its last line.
    static func parse(_ bytes: [UInt8]) -> ZoneRules? {
        guard let first = Header(bytes, at: 0), first.version >= UInt8(ascii: "2"),
            let header = Header(bytes, at: Header.bytes + first.bodyBytes(timeBytes: 4)),
            bytes.count >= header.end
        else { return nil }
        let times = header.body
        let kinds = times + header.times * 8
        let types = kinds + header.times
        func integer(_ offset: Int, _ width: Int) -> Int64 {
            let start: Int64 = bytes[offset] & 0x80 == 0 ? 0 : -1
            return bytes[offset..<offset + width].reduce(start) { $0 << 8 | Int64($1) }
        }
        var offsets = [integer(types, 4)]
        var changes: [Int64] = []
        for place in 0..<header.times {
            let kind = Int(bytes[kinds + place])
            guard kind < header.types else { return nil }
            changes.append(integer(times + place * 8, 8))
            offsets.append(integer(types + kind * 6, 4))
        }
        guard zip(changes, changes.dropFirst()).allSatisfy({ $0 < $1 }) else { return nil }
        let line = bytes[header.end...].dropFirst().prefix { $0 != UInt8(ascii: "\n") }
        if line.isEmpty { return ZoneRules(changes: changes, offsets: offsets, tail: nil) }
        var text = YearlyRuleText(rest: line)
        guard let tail = text.rule() else { return nil }
        return ZoneRules(changes: changes, offsets: offsets, tail: tail)
    }

    private struct Header {
        static let bytes = 44
        let version: UInt8
        /// Where the part's body begins.
        let body: Int
        private let counts: [Int]

        var types: Int { counts[4] }
        var times: Int { counts[3] }
        var end: Int { body + bodyBytes(timeBytes: 8) }

        init?(_ bytes: [UInt8], at start: Int) {
            guard start >= 0, bytes.count >= start + Self.bytes,
                bytes[start..<start + 4].elementsEqual("TZif".utf8)
            else { return nil }
            version = bytes[start + 4]
            body = start + Self.bytes
            // isutc, isstd, leap seconds, times, types, characters.
            counts = (0..<6).map { place in
                let offset = start + 20 + place * 4
                return bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
            }
            guard types > 0, counts.allSatisfy({ $0 <= bytesMax }) else { return nil }
        }

        func bodyBytes(timeBytes: Int) -> Int {
            times * (timeBytes + 1) + types * 6 + counts[5] + counts[2] * (timeBytes + 4)
                + counts[1] + counts[0]
        }
    }
}

/// Takes a POSIX TZ text apart.
struct YearlyRuleText {
    var rest: ArraySlice<UInt8>

    /// `std offset [dst [offset] , begin , end]`, offsets west of Greenwich; nil where it is none.
    mutating func rule() -> YearlyRule? {
        guard skipName(), let west = time() else { return nil }
        var rule = YearlyRule(standard: -west, summer: nil)
        if rest.isEmpty { return rule }
        guard skipName() else { return nil }
        var summer = rule.standard + 3_600
        if rest.first != UInt8(ascii: ",") {
            guard let west = time() else { return nil }
            summer = -west
        }
        guard let begin = moment(), let end = moment(), rest.isEmpty else { return nil }
        rule.summer = (summer, begin, end)
        return rule
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    /// Letters, or anything in angle brackets.
    private mutating func skipName() -> Bool {
        if take("<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
            rest = rest[(end + 1)...]
            return true
        }
        let letters = rest.prefix { ($0 | 0x20) >= UInt8(ascii: "a") && ($0 | 0x20) <= 0x7A }
        rest = rest[letters.endIndex...]
        return letters.count >= 3
    }

    private mutating func number() -> Int64? {
        let digits = rest.prefix { $0 &- 48 < 10 }
        rest = rest[digits.endIndex...]
        return digits.count <= 4 ? TimeText.number(digits) : nil
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    private mutating func time() -> Int64? {
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        guard var seconds = number() else { return nil }
        seconds *= 3_600
        for unit in [60, 1] as [Int64] where take(":") {
            guard let part = number() else { return nil }
            seconds += part * unit
        }
        return isNegative ? -seconds : seconds
    }

    /// `,` date `[/time]`; two in the morning where no time is given.
    private mutating func moment() -> YearlyRule.Moment? {
        guard take(","), let day = day() else { return nil }
        guard take("/") else { return YearlyRule.Moment(day: day, seconds: 7_200) }
        return time().map { YearlyRule.Moment(day: day, seconds: $0) }
    }

    private mutating func day() -> YearlyRule.Moment.Day? {
        if take("J") {
            return number().flatMap { (1...365).contains($0) ? .withoutLeapDay($0) : nil }
        }
        guard take("M") else {
            return number().flatMap { (0...365).contains($0) ? .ofYear($0) : nil }
        }
        guard let month = number(), (1...12).contains(month), take("."), let week = number(),
            (1...5).contains(week), take("."), let day = number(), (0...6).contains(day)
        else { return nil }
        return .weekday(month: month, week: week, day: day)
    }
}
