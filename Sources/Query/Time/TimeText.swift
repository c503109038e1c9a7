import Model

/// Times as clients write them.
package enum TimeText {
    /// A time, and whether it moves with the clock.
    package struct Moment: Hashable {
        package var time: Timestamp
        /// Microseconds before now, where it was written as such.
        var ago: Int64?
    }

    /// What was wrong with a text; part of a sentence that goes on with what is accepted.
    package struct Malformed: Error {
        package var reason: String
        init(_ reason: String) { self.reason = reason }
    }

    package static let accepted = """
        epoch seconds (decimals allowed), RFC 3339 with an offset (2024-01-31T12:00:00Z), \
        a date (2024-01-31), now, now-7d
        """
    package static let acceptedDuration = "a whole number and s, m, h, d or w, as in 90m or 7d"

    /// 0001-01-01 and 10000-01-01: four digits hold every year between.
    private static let secondsMin: Int64 = -62_135_596_800
    private static let secondsMax: Int64 = 253_402_300_800

    /// Reads any of the accepted forms.
    /// - Parameter zone: where a date's midnight is.
    package static func moment(
        _ text: ArraySlice<UInt8>, now: Timestamp, zone: Zone = .utc
    ) throws(Malformed) -> Moment {
        if text.count >= 3, text.prefix(3).elementsEqual("now".utf8, by: { $0 | 0x20 == $1 }) {
            return try relative(text.dropFirst(3), now: now)
        }
        if text.count >= 10, text[text.startIndex + 4] == UInt8(ascii: "-") {
            return Moment(time: try calendar(text, zone))
        }
        return Moment(time: try epoch(text))
    }

    /// A length of time in microseconds, such as `7d`.
    package static func duration(_ text: ArraySlice<UInt8>) throws(Malformed) -> Int64 {
        guard let (count, unit) = countAndUnit(text) else {
            throw Malformed("\(quoted(text)) is no length of time")
        }
        guard let seconds = unit.seconds else {
            throw Malformed("\(quoted(text)) has no fixed length")
        }
        // 10,000 years of seconds times a million is far below the end of 64 bits.
        guard count <= secondsMax / seconds else {
            throw Malformed("\(quoted(text)) is longer than 10,000 years")
        }
        return count * seconds * 1_000_000
    }

    /// A whole number and a unit of `Every`, such as `5m` or `1mo`.
    static func countAndUnit(_ text: ArraySlice<UInt8>) -> (count: Int64, unit: Every.Unit)? {
        let digits = text.prefix { isDigit($0) }
        guard let count = number(digits), count > 0 else { return nil }
        let rest = text[digits.endIndex...]
        guard let unit = Every.Unit.allCases.first(where: { rest.elementsEqual($0.rawValue.utf8) })
        else { return nil }
        return (count, unit)
    }

    private static func relative(
        _ rest: ArraySlice<UInt8>, now: Timestamp
    ) throws(Malformed) -> Moment {
        guard let sign = rest.first else { return Moment(time: now, ago: 0) }
        guard sign == UInt8(ascii: "-") else {
            throw Malformed("'now' is followed by nothing or by - and a length of time")
        }
        let ago = try duration(rest.dropFirst())
        return Moment(time: Timestamp(microseconds: now.microseconds - ago), ago: ago)
    }

    /// `1445752800`, `-5`, `1445752800.25`. Decimals past the sixth round up to the next
    /// microsecond, which is exact at both ends: times are whole microseconds, so one is at or
    /// after t if and only if it is at or after t rounded up.
    private static func epoch(_ text: ArraySlice<UInt8>) throws(Malformed) -> Timestamp {
        let isNegative = text.first == UInt8(ascii: "-")
        let unsigned = isNegative ? text.dropFirst() : text
        let whole = unsigned.prefix { isDigit($0) }
        let rest = unsigned[whole.endIndex...]
        guard !whole.isEmpty, rest.isEmpty || (rest.first == UInt8(ascii: ".") && rest.count > 1),
            rest.dropFirst().allSatisfy({ isDigit($0) })
        else { throw Malformed("\(quoted(text)) is no time") }
        guard let seconds = number(whole), seconds <= secondsMax,
            !isNegative || seconds <= -secondsMin
        else {
            throw Malformed(
                "\(quoted(text)) lies outside the years 1 to 9999 "
                    + "(seconds are wanted, not milliseconds)"
            )
        }
        let fraction = fraction(of: rest.dropFirst())
        let microseconds = seconds * 1_000_000 + fraction.microseconds
        // Rounding up is towards zero where the number is negative.
        return Timestamp(
            microseconds: isNegative ? -microseconds : microseconds + (fraction.isExact ? 0 : 1))
    }

    /// `2024-01-31`, `2024-01-31T12:00:00.5+01:00`.
    private static func calendar(
        _ text: ArraySlice<UInt8>, _ zone: Zone
    ) throws(Malformed) -> Timestamp {
        var scanner = Scanner(rest: text)
        guard let year = scanner.number(4), scanner.take("-"), let month = scanner.number(2),
            scanner.take("-"), let day = scanner.number(2)
        else { throw Malformed("\(quoted(text)) is no date") }
        guard year >= 1, let date = CivilDate(year: year, month: month, day: day) else {
            throw Malformed("\(quoted(text)) names a day that the calendar does not have")
        }
        if scanner.rest.isEmpty {
            return Timestamp(seconds: zone.start(ofDay: date.daysSinceEpoch))
        }
        let midnight = date.daysSinceEpoch * 86_400

        guard scanner.take("T") || scanner.take("t") || scanner.take(" "),
            let hour = scanner.number(2), scanner.take(":"), let minute = scanner.number(2),
            scanner.take(":"), let second = scanner.number(2)
        else { throw Malformed("\(quoted(text)) is no date with a time of day") }
        var fraction: (microseconds: Int64, isExact: Bool) = (0, true)
        if scanner.take(".") {
            let digits = scanner.rest.prefix { isDigit($0) }
            guard !digits.isEmpty else { throw Malformed("\(quoted(text)) has no decimals") }
            fraction = Self.fraction(of: digits)
            scanner.rest = scanner.rest[digits.endIndex...]
        }
        guard hour < 24, minute < 60, second <= 60 else {
            throw Malformed("\(quoted(text)) names a time that a day does not have")
        }
        guard !scanner.rest.isEmpty else {
            throw Malformed("\(quoted(text)) has no offset (Z or +hh:mm)")
        }
        guard let offset = scanner.offset(), scanner.rest.isEmpty else {
            throw Malformed("\(quoted(text)) has an offset that is neither Z nor +hh:mm")
        }
        let seconds = midnight + hour * 3_600 + minute * 60 + second - offset
        // A leap second is the last of a UTC day; POSIX time gives it to the next day.
        guard second < 60 || seconds % 86_400 == 0 else {
            throw Malformed("\(quoted(text)) names a leap second within a day")
        }
        return Timestamp(
            microseconds: seconds * 1_000_000 + fraction.microseconds + (fraction.isExact ? 0 : 1))
    }

    /// The first six decimals, and whether the others are all zero.
    private static func fraction(of digits: ArraySlice<UInt8>) -> (
        microseconds: Int64, isExact: Bool
    ) {
        var value: Int64 = 0
        for place in 0..<6 {
            let digit = place < digits.count ? digits[digits.startIndex + place] - 48 : 0
            value = value * 10 + Int64(digit)
        }
        return (value, digits.dropFirst(6).allSatisfy { $0 == UInt8(ascii: "0") })
    }

    /// A run of digits; nil where it is empty or too large for 64 bits.
    static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard !digits.isEmpty else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard isDigit(digit) else { return nil }
            let (tenfold, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, stillTooLarge) = tenfold.addingReportingOverflow(Int64(digit - 48))
            guard !tooLarge, !stillTooLarge else { return nil }
            value = sum
        }
        return value
    }

    fileprivate static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
}

/// Takes fixed-width pieces off the front of a text.
private struct Scanner {
    var rest: ArraySlice<UInt8>

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    /// Exactly `width` digits.
    mutating func number(_ width: Int) -> Int64? {
        guard rest.count >= width, let value = TimeText.number(rest.prefix(width)) else {
            return nil
        }
        rest.removeFirst(width)
        return value
    }

    /// `Z` or `+hh:mm` or `-hh:mm`, in seconds east of Greenwich.
    mutating func offset() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let isWest = take("-")
        guard isWest || take("+"), let hours = number(2), take(":"), let minutes = number(2),
            hours < 24, minutes < 60
        else { return nil }
        return (hours * 3_600 + minutes * 60) * (isWest ? -1 : 1)
    }
}
