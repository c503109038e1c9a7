import Foundation
import Model
import Query

/// Where buckets begin, found by walking: day by day on a local clock that Foundation keeps (not
/// by the reader of zone files that the engine has), in quarters of an hour.
struct NaiveGrid {
    /// The starts of buckets around the history, ascending, in seconds.
    let starts: [Int64]
    let every: Every

    init(_ grid: BucketGrid, around history: Range<Int64>) {
        every = grid.every
        let low = history.lowerBound - 500 * 86_400
        let high = history.upperBound + 500 * 86_400
        let origin = grid.origin?.seconds
        if let width = Self.clockWidth(grid.every) {
            // Long lists of short buckets would take long: only what the history needs.
            let near = history.lowerBound - 3 * 86_400..<history.upperBound + 3 * 86_400
            var start = origin ?? 0
            while start > near.lowerBound { start -= width }
            start += (near.lowerBound - start) / width * width
            starts = Array(stride(from: start, to: near.upperBound + 2 * width, by: Int(width)))
            return
        }
        let days = NaiveDays.starts(grid.zone.name, from: low / 86_400, to: high / 86_400)
        let originDay = origin.flatMap { origin in
            days.last { $0.start == origin }?.day
        }
        starts = days.filter { Self.begins($0.day, grid.every, originDay) }.map(\.start)
    }

    private static func clockWidth(_ every: Every) -> Int64? {
        switch every.unit {
        case .second, .minute, .hour: every.fixedSeconds
        default: nil
        }
    }

    /// Whether a bucket begins on a day, counted from 1970-01-01.
    private static func begins(_ day: Int64, _ every: Every, _ origin: Int64?) -> Bool {
        switch every.unit {
        case .month, .year:
            let date = NaiveDays.date(day)
            let first = origin.map(NaiveDays.date) ?? (year: 1970, month: 1, day: 1)
            let months = (date.year - first.year) * 12 + date.month - first.month
            return date.day == 1
                && months % (Int(every.count) * (every.unit == .year ? 12 : 1)) == 0
        case .week: return (day - (origin ?? -3)) % (7 * every.count) == 0
        default: return (day - (origin ?? 0)) % every.count == 0
        }
    }

    /// The bucket that holds a time in microseconds, by its start.
    func start(of time: Int64) -> Int64 {
        guard let start = starts.last(where: { $0 * 1_000_000 <= time }) else {
            preconditionFailure("the walk began too late for \(time)")
        }
        return start
    }

    /// The buckets that a range touches.
    func touched(_ lower: Int64, _ upper: Int64) -> [Int64] {
        if lower >= upper { return [] }
        return zip(starts, starts.dropFirst()).filter {
            $0.0 < $0.1 && $0.0 * 1_000_000 < upper && $0.1 * 1_000_000 > lower
        }.map(\.0)
    }
}

/// Local days, from Foundation's time zones.
enum NaiveDays {
    private static let utc: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone("UTC")
        return calendar
    }()

    private static func zone(_ name: String) -> TimeZone {
        guard let zone = TimeZone(identifier: name) else { preconditionFailure("no zone \(name)") }
        return zone
    }

    static func date(_ day: Int64) -> (year: Int, month: Int, day: Int) {
        let parts = utc.dateComponents(
            [.year, .month, .day], from: Date(timeIntervalSince1970: Double(day * 86_400)))
        return (parts.year ?? 0, parts.month ?? 0, parts.day ?? 0)
    }

    private static let known = Known()

    /// The first second at which a local clock shows each day, or a later one.
    static func starts(_ name: String, from: Int64, to: Int64) -> [(day: Int64, start: Int64)] {
        known.days(name, from, to) {
            let zone = zone(name)
            let local = { (seconds: Int64) in
                seconds
                    + Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))))
            }
            return (from...to).map { day in
                var seconds = day * 86_400 - 26 * 3_600
                while local(seconds) < day * 86_400 { seconds += 900 }
                return (day, seconds)
            }
        }
    }

    private final class Known: @unchecked Sendable {
        private let lock = NSLock()
        private var days: [String: [(day: Int64, start: Int64)]] = [:]

        func days(
            _ name: String, _ from: Int64, _ to: Int64,
            _ make: () -> [(day: Int64, start: Int64)]
        ) -> [(day: Int64, start: Int64)] {
            let key = "\(name) \(from) \(to)"
            if let known = lock.withLock({ days[key] }) { return known }
            let made = make()
            lock.withLock { days[key] = made }
            return made
        }
    }
}
