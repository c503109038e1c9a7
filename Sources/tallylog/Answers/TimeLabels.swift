import Model
import Query

/// Moments as people and programs read them, in one zone.
struct TimeLabels {
    let zone: Zone

    /// RFC 3339: 2026-01-31T08:00:00Z, or with the zone's offset; six decimals where there are any.
    func exact(_ time: Timestamp) -> String {
        let micros = time.microseconds - time.seconds * 1_000_000
        let digits = String(micros)
        let decimals =
            micros == 0 ? "" : "." + String(repeating: "0", count: 6 - digits.count) + digits
        let offset = zone.offset(at: time.seconds)
        // Before there were standard times, clocks differed by odd seconds, which RFC 3339
        // cannot write.
        guard offset != 0, offset % 60 == 0 else {
            return Self.clock(time.seconds, separator: "T") + decimals + "Z"
        }
        let minutes = offset.magnitude / 60
        return Self.clock(time.seconds + offset, separator: "T") + decimals
            + (offset < 0 ? "-" : "+")
            + "\(Self.padded(Int64(minutes / 60))):\(Self.padded(Int64(minutes % 60)))"
    }

    /// What local clocks show: 2026-01-31 08:00:00.250, decimals where there are any.
    func local(_ time: Timestamp) -> String {
        let shown = Self.clock(time.seconds + zone.offset(at: time.seconds), separator: " ")
        let millis = (time.microseconds - time.seconds * 1_000_000) / 1_000
        let digits = String(millis)
        return millis == 0
            ? shown : shown + "." + String(repeating: "0", count: 3 - digits.count) + digits
    }

    /// The starts of buckets: dates where each begins a day, else dates and times.
    /// - Parameter width: of the narrowest bucket, in seconds.
    func buckets(_ starts: [Int64], width: Int64) -> [String] {
        if width >= 86_400, starts.allSatisfy({ zone.start(ofDay: zone.day(at: $0)) == $0 }) {
            return starts.map { Self.date(zone.day(at: $0)) }
        }
        let clocks = starts.map {
            Self.clock($0 + zone.offset(at: $0), separator: " ")
        }
        // Clocks that are set back show the same time twice; the offset tells which is which.
        guard Set(clocks).count == clocks.count else {
            return starts.map { exact(Timestamp(seconds: $0)) }
        }
        return clocks.allSatisfy { $0.hasSuffix(":00") }
            ? clocks.map { String($0.dropLast(3)) } : clocks
    }

    /// - Parameter seconds: local time, as seconds since 1970 on the local clock.
    private static func clock(_ seconds: Int64, separator: String) -> String {
        let days = seconds.floorDivided(by: 86_400)
        let second = seconds - days * 86_400
        return date(days) + separator
            + "\(padded(second / 3_600)):\(padded(second / 60 % 60)):\(padded(second % 60))"
    }

    private static func date(_ day: Int64) -> String {
        let civil = CivilDate(daysSinceEpoch: day)
        let year = String(civil.year)
        return String(repeating: "0", count: max(0, 4 - year.count)) + year
            + "-\(padded(civil.month))-\(padded(civil.day))"
    }

    private static func padded(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
