// What could go wrong: an offset is read from the wrong change, the rule for years to come is off
// by a week or an hour, or a file that is no zone is taken for one. The offsets are held against
// Foundation's, which has its own database; zones whose rules changed lately are left out.
import Foundation
import TestSupport
import Testing

@testable import Query

@Suite struct ZoneTests {
    private static let zones = [
        "UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/St_Johns",
        "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Chatham", "America/Santiago",
        "Asia/Kathmandu", "Pacific/Auckland",
    ]

    @Test(arguments: zones) func offsetsAreFoundations(name: String) throws {
        let zone = try #require(Zone(named: name))
        let other = try #require(TimeZone(identifier: name))
        let seed: UInt64 = 17
        var random = SeededGenerator(seed: seed)
        // 1975 to 2099.
        for _ in 0..<4_000 {
            let seconds = Int64.random(in: 157_766_400..<4_070_908_800, using: &random)
            let expected = Int64(
                other.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))))
            guard zone.offset(at: seconds) == expected else {
                Issue.record("seed \(seed): \(name) at \(seconds): \(zone.offset(at: seconds))")
                return
            }
        }
    }

    /// Random times miss the one second at which a clock changes.
    @Test(arguments: zones) func clocksChangeOnTheSecond(name: String) throws {
        let zone = try #require(Zone(named: name))
        let other = try #require(TimeZone(identifier: name))
        var changes = 0
        var change = other.nextDaylightSavingTimeTransition(
            after: Date(timeIntervalSince1970: 157_766_400))
        while let moment = change, moment.timeIntervalSince1970 < 2_208_988_800 {
            let seconds = Int64(moment.timeIntervalSince1970)
            for near in seconds - 1...seconds + 1 {
                let date = Date(timeIntervalSince1970: Double(near))
                let expected = Int64(other.secondsFromGMT(for: date))
                #expect(zone.offset(at: near) == expected, "\(name) at \(near)")
            }
            changes += 1
            change = other.nextDaylightSavingTimeTransition(after: moment)
        }
        #expect(changes > 0 || ["UTC", "Asia/Kolkata", "Asia/Kathmandu"].contains(name))
    }

    /// Days follow each other, and each holds the times that it is numbered for.
    @Test(arguments: zones + ["Pacific/Apia", "Africa/Casablanca", "America/Sao_Paulo"])
    func daysTileTime(name: String) throws {
        let zone = try #require(Zone(named: name))
        var last = zone.start(ofDay: -3_000)
        for day in Int64(-2_999)...45_000 {
            let start = zone.start(ofDay: day)
            guard start >= last, start == last || zone.day(at: start - 1) == day - 1,
                zone.day(at: start) >= day,
                // The clock shows midnight, or later where it has jumped over it.
                start + zone.offset(at: start) >= day * 86_400
            else {
                Issue.record("\(name): day \(day) begins at \(start), the one before at \(last)")
                return
            }
            last = start
        }
    }

    @Test(arguments: [
        "", "Mars/Olympus", "..", "../zoneinfo/UTC", "Europe", "Europe/", "/etc/passwd", "zone.tab",
        "Europe//Berlin", "tzdata.zi", "europe berlin",
    ]) func noZones(name: String) {
        #expect(Zone(named: name) == nil)
    }

    /// A file of the database, cut short or with any byte changed, is a zone or none: never a trap.
    @Test func damagedFiles() throws {
        let bytes = [UInt8](
            try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Dublin")))
        #expect(ZoneFile.parse(bytes) != nil)
        for length in 0..<bytes.count { _ = ZoneFile.parse(Array(bytes[..<length])) }
        for place in bytes.indices {
            var damaged = bytes
            for value in [0, 0xFF, bytes[place] ^ 0x80] as [UInt8] {
                damaged[place] = value
                if let rules = ZoneFile.parse(damaged) { _ = rules.offset(at: 1_800_000_000) }
            }
        }
    }
}
