import Model

/// The width of a series' buckets: so many seconds, minutes, hours, days, weeks, months or years.
///
/// Buckets are half-open, follow each other without a gap, and are numbered: number 0 holds the
/// epoch, 1970-01-01T00:00:00Z. Days, weeks (from Monday), months and years are those of UTC.
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

    /// The width in seconds where every bucket has the same; nil for months and years.
    public var fixedSeconds: Int64? { unit.seconds.map { $0 * count } }

    /// The number of the bucket that holds `time`.
    public func number(of time: Timestamp) -> Int64 {
        let seconds = time.seconds
        switch unit {
        case .second, .minute, .hour, .day:
            return seconds.floorDivided(by: (unit.seconds ?? 1) * count)
        case .week:
            return (seconds + Every.mondayOffset).floorDivided(by: 604_800 * count)
        case .month, .year:
            let date = CivilDate(daysSinceEpoch: seconds.floorDivided(by: 86_400))
            let months = (date.year - 1970) * 12 + date.month - 1
            return months.floorDivided(by: monthsPerBucket)
        }
    }

    /// The start of bucket `number`, which is its label and the end of the bucket before.
    public func start(of number: Int64) -> Timestamp {
        switch unit {
        case .second, .minute, .hour, .day:
            return Timestamp(seconds: number * (unit.seconds ?? 1) * count)
        case .week:
            return Timestamp(seconds: number * 604_800 * count - Every.mondayOffset)
        case .month, .year:
            let months = number * monthsPerBucket
            let years = months.floorDivided(by: 12)
            guard let first = CivilDate(year: 1970 + years, month: months - years * 12 + 1, day: 1)
            else { preconditionFailure("every month has a first day") }
            return Timestamp(seconds: first.daysSinceEpoch * 86_400)
        }
    }

    /// The numbers of the buckets that a range touches: from the one that holds `lower` to the one
    /// that holds the last microsecond before `upper`. Empty where the range is.
    public func numbers(from lower: Timestamp, to upper: Timestamp) -> Range<Int64> {
        guard lower < upper else { return 0..<0 }
        let last = Timestamp(microseconds: upper.microseconds - 1)
        return number(of: lower)..<number(of: last) + 1
    }

    /// 1970-01-01 was a Thursday; its week began three days before.
    private static let mondayOffset: Int64 = 3 * 86_400

    private var monthsPerBucket: Int64 { unit == .year ? 12 * count : count }
}
