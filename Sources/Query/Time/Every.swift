import Model

/// The width of a series' buckets: so many seconds, minutes, hours, days, weeks, months or years.
public struct Every: Hashable, Sendable {
    /// What is counted.
    public enum Unit: String, CaseIterable, Sendable {
        case second = "s"
        case minute = "m"
        case hour = "h"
        case day = "d"
        case week = "w"
        case month = "mo"
        case year = "y"

        /// The length in seconds; nil for months and years, which have no fixed one.
        public var seconds: Int64? {
            switch self {
            case .second: 1
            case .minute: 60
            case .hour: 3_600
            case .day: 86_400
            case .week: 604_800
            case .month, .year: nil
            }
        }
    }

    /// At least 1.
    public var count: Int64
    public var unit: Unit

    /// The widest that is accepted, in years: keeps every bucket's start far from overflow.
    static let yearsMax: Int64 = 1_000

    /// - Parameter count: at least 1; the whole at most 1,000 years.
    public init(_ count: Int64, _ unit: Unit) {
        precondition(Every.fits(count, unit), "a bucket is 1 second to 1,000 years wide")
        self.count = count
        self.unit = unit
    }

    static func fits(_ count: Int64, _ unit: Unit) -> Bool {
        let most =
            switch unit {
            case .month: yearsMax * 12
            case .year: yearsMax
            default: yearsMax * 366 * 86_400 / (unit.seconds ?? 1)
            }
        return (1...most).contains(count)
    }

    /// The width in seconds, by a clock that is never set; nil for months and years.
    public var fixedSeconds: Int64? { unit.seconds.map { $0 * count } }

    /// As clients write it, such as `5m`.
    public var text: String { "\(count)\(unit.rawValue)" }

    /// Whether it is a length of time alone; days and what is longer follow a calendar.
    var isClockTime: Bool {
        switch unit {
        case .second, .minute, .hour: true
        case .day, .week, .month, .year: false
        }
    }
}

extension Every.Unit {
    /// At the start of what its buckets begin.
    var calendarWord: String {
        switch self {
        case .second, .minute, .hour: "second"
        case .day, .week: "day"
        case .month: "month"
        case .year: "year"
        }
    }
}
