import Model

/// Clocks that are set forward and back once a year: the last line of a zone's file, in the form of
/// POSIX's TZ variable (`CET-1CEST,M3.5.0,M10.5.0/3`).
struct YearlyRule: Sendable {
    /// A day of the year, and the seconds from its midnight.
    struct Moment: Sendable {
        enum Day: Sendable {
            /// `Jn`: 1...365, 29 February never counted.
            case withoutLeapDay(Int64)
            /// `n`: 0...365.
            case ofYear(Int64)
            /// `Mm.w.d`: the w-th weekday (0: Sunday) of a month; 5 means the last.
            case weekday(month: Int64, week: Int64, day: Int64)
        }
        var day: Day
        /// On the clock that the moment ends; -167 to 167 hours.
        var seconds: Int64

        /// The moment in a year, on that clock.
        func local(in year: Int64) -> Int64 {
            Self.days(day, in: year) * 86_400 + seconds
        }

        private static func days(_ day: Day, in year: Int64) -> Int64 {
            let first = daysOfFirst(1, year)
            switch day {
            case .withoutLeapDay(let number):
                let isLeap = daysOfFirst(1, year + 1) - first == 366
                return first + number - 1 + (isLeap && number >= 60 ? 1 : 0)
            case .ofYear(let number):
                return first + number
            case .weekday(let month, let week, let weekday):
                let begin = daysOfFirst(month, year)
                // 1970-01-01 was a Thursday, day 4.
                let lead = (weekday - 4 - begin).modulo(7)
                let length = CivilDate.days(inMonth: month, of: year)
                let wanted = lead + (week - 1) * 7
                return begin + (wanted < length ? wanted : wanted - 7)
            }
        }

        private static func daysOfFirst(_ month: Int64, _ year: Int64) -> Int64 {
            guard let date = CivilDate(year: year, month: month, day: 1) else {
                preconditionFailure("every month has a first day")
            }
            return date.daysSinceEpoch
        }
    }

    var standard: Int64
    /// Offset in summer, and when summer begins and ends; nil where clocks stay.
    var summer: (offset: Int64, begin: Moment, end: Moment)?

    func offset(at seconds: Int64) -> Int64 {
        guard summer != nil else { return standard }
        var offset = standard
        for change in changes(around: seconds) where change.time <= seconds {
            offset = change.offset
        }
        return offset
    }

    func nextChange(after seconds: Int64) -> Int64? {
        changes(around: seconds).first { $0.time > seconds }?.time
    }

    /// The changes of the year of `seconds` and of those before and after it, in order.
    private func changes(around seconds: Int64) -> [(time: Int64, offset: Int64)] {
        guard let summer else { return [] }
        let year = CivilDate(daysSinceEpoch: seconds.floorDivided(by: 86_400)).year
        var changes: [(time: Int64, offset: Int64)] = []
        for year in year - 1...year + 1 {
            changes.append((summer.begin.local(in: year) - standard, summer.offset))
            changes.append((summer.end.local(in: year) - summer.offset, standard))
        }
        return changes.sorted { $0.time < $1.time }
    }
}

extension Int64 {
    fileprivate func modulo(_ divisor: Int64) -> Int64 {
        self - floorDivided(by: divisor) * divisor
    }
}
