import Model

/// How the buckets of a series lie on the line of time: numbered, half-open, without a gap.
///
/// Buckets of seconds, minutes and hours are so many seconds from the origin, or from the epoch.
/// Days, weeks, months and years are those of a zone's calendar; several of them together are
/// counted from the origin, or from the one that holds 1970-01-01.
public struct BucketGrid: Hashable, Sendable {
    public let every: Every
    public let zone: Zone
    /// The start of bucket 0, where it was chosen.
    public let origin: Timestamp?
    /// Overlapping windows in place of buckets; the width is `every`.
    public var windows: SlidingWindows?
    /// The origin on the line that is divided evenly: seconds, local days, or local months.
    private let shift: Int64

    public init(_ every: Every, zone: Zone = .utc) {
        self.every = every
        self.zone = zone
        origin = nil
        // 1970-01-01 was a Thursday; its week began three days before.
        shift = every.unit == .week ? -3 : 0
    }

    /// Buckets of which one begins at `origin`; nil where none can: days begin at midnight, weeks
    /// too (on any day), months and years on their first day, and clocks tick whole seconds.
    public init?(_ every: Every, zone: Zone = .utc, origin: Timestamp) {
        self.every = every
        self.zone = zone
        self.origin = origin
        let seconds = origin.seconds
        guard seconds * 1_000_000 == origin.microseconds else { return nil }
        if every.isClockTime {
            shift = seconds
            return
        }
        let day = zone.day(at: seconds)
        guard zone.start(ofDay: day) == seconds else { return nil }
        switch every.unit {
        case .day, .week: shift = day
        default:
            let date = CivilDate(daysSinceEpoch: day)
            guard date.day == 1, every.unit == .month || date.month == 1 else { return nil }
            shift = Self.months(date)
        }
    }

    /// The number of the bucket that holds `time`.
    public func number(of time: Timestamp) -> Int64 {
        let seconds = time.seconds
        if every.isClockTime { return (seconds - shift).floorDivided(by: unitsPerBucket) }
        let day = zone.day(at: seconds)
        switch every.unit {
        case .month, .year:
            let months = Self.months(CivilDate(daysSinceEpoch: day))
            return (months - shift).floorDivided(by: unitsPerBucket)
        default:
            return (day - shift).floorDivided(by: unitsPerBucket)
        }
    }

    /// The start of bucket `number`, which is its label and the end of the bucket before.
    public func start(of number: Int64) -> Timestamp {
        let place = number * unitsPerBucket + shift
        if every.isClockTime { return Timestamp(seconds: place) }
        switch every.unit {
        case .month, .year:
            let years = place.floorDivided(by: 12)
            guard let first = CivilDate(year: 1970 + years, month: place - years * 12 + 1, day: 1)
            else { preconditionFailure("every month has a first day") }
            return Timestamp(seconds: zone.start(ofDay: first.daysSinceEpoch))
        default:
            return Timestamp(seconds: zone.start(ofDay: place))
        }
    }

    /// The numbers of the buckets that a range touches: from the one that holds `lower` to the one
    /// that holds the last microsecond before `upper`. Empty where the range is.
    public func numbers(from lower: Timestamp, to upper: Timestamp) -> Range<Int64> {
        guard lower < upper else { return 0..<0 }
        let last = Timestamp(microseconds: upper.microseconds - 1)
        return number(of: lower)..<number(of: last) + 1
    }

    /// The width in seconds where every bucket has the same; nil where the calendar decides.
    public var fixedSeconds: Int64? {
        every.isClockTime || zone == .utc ? every.fixedSeconds : nil
    }

    /// The start of bucket 0, in seconds, where all have the same width.
    var fixedStart: Int64 { every.isClockTime ? shift : shift * 86_400 }

    /// Seconds, local days or local months in one bucket.
    private var unitsPerBucket: Int64 {
        switch every.unit {
        case .second, .minute, .hour: (every.unit.seconds ?? 1) * every.count
        case .day, .month: every.count
        case .week: every.count * 7
        case .year: every.count * 12
        }
    }

    private static func months(_ date: CivilDate) -> Int64 {
        (date.year - 1970) * 12 + date.month - 1
    }
}

/// Windows of one width that begin one step after another, and so overlap or leave gaps.
public struct SlidingWindows: Hashable, Sendable {
    /// Both in seconds, at least 1.
    public let width: Int64
    public let step: Int64

    public init(width: Int64, step: Int64) {
        self.width = width
        self.step = step
    }

    /// The widest pieces of which all windows are made.
    public var pieceSeconds: Int64 {
        var (large, small) = (width, step)
        while small > 0 { (large, small) = (small, large % small) }
        return large
    }

    public var piecesPerWindow: Int64 { width / pieceSeconds }
}
