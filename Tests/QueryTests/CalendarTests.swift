// What could go wrong: a leap day counted in the wrong year, a week that begins on the wrong day,
// times before 1970 rounded the wrong way, a bucket that does not hold the times it is numbered
// for, or two buckets that overlap or leave a gap.
import Model
import TestSupport
import Testing

@testable import Query

@Suite struct CalendarTests {
    /// Counts day by day, with nothing but the rule for leap years.
    private struct NaiveCalendar {
        var date: (year: Int64, month: Int64, day: Int64) = (1600, 1, 1)

        mutating func advance() {
            let isLeap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0)
            let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            date.day += 1
            if date.day > lengths[Int(date.month) - 1] { date = (date.year, date.month + 1, 1) }
            if date.month > 12 { date = (date.year + 1, 1, 1) }
        }
    }

    @Test func everyDayOfEightHundredYears() throws {
        var naive = NaiveCalendar()
        // 1600-01-01 is 370 years, 90 of them leap years less three centuries, before the epoch.
        var days: Int64 = -(370 * 365 + 90)
        while naive.date.year < 2400 {
            let date = CivilDate(daysSinceEpoch: days)
            guard (date.year, date.month, date.day) == naive.date, date.daysSinceEpoch == days
            else {
                Issue.record("day \(days) is \(naive.date), not \(date)")
                return
            }
            days += 1
            naive.advance()
        }
        #expect(CivilDate(daysSinceEpoch: 0) == CivilDate(year: 1970, month: 1, day: 1))
        #expect(days == CivilDate(year: 2400, month: 1, day: 1)?.daysSinceEpoch)
    }

    @Test(arguments: [(2023, 2, 29), (1900, 2, 29), (2024, 13, 1), (2024, 0, 1), (2024, 4, 31)])
    func daysThatDoNotExist(year: Int64, month: Int64, day: Int64) {
        #expect(CivilDate(year: year, month: month, day: day) == nil)
    }

    /// Labels of buckets that a person can check.
    @Test(arguments: [
        (Every(1, .week), "2024-01-03", "2024-01-01"),
        (Every(1, .week), "2024-01-01", "2024-01-01"),
        (Every(1, .week), "2023-12-31", "2023-12-25"),
        (Every(1, .week), "1969-12-31", "1969-12-29"),
        (Every(1, .month), "2024-02-29", "2024-02-01"),
        (Every(3, .month), "2024-06-30", "2024-04-01"),
        (Every(1, .month), "1969-12-31", "1969-12-01"),
        (Every(1, .year), "2024-12-31", "2024-01-01"),
        (Every(10, .year), "2019-05-05", "2010-01-01"),
        (Every(1, .day), "1969-12-31", "1969-12-31"),
    ])
    func labels(every: Every, day: String, start: String) throws {
        let time = try TimeText.moment(Array(day.utf8)[...], now: Timestamp(seconds: 0)).time
        let grid = BucketGrid(every)
        let label = try TimeText.moment(Array(start.utf8)[...], now: Timestamp(seconds: 0)).time
        #expect(grid.start(of: grid.number(of: time)) == label)
        let end = Timestamp(microseconds: time.microseconds + 86_400_000_000 - 1)
        #expect(grid.start(of: grid.number(of: end)) == label)
    }

    /// Every bucket holds exactly the times from its start to the next one's.
    @Test func bucketsTileTime() {
        let seed: UInt64 = 41
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50_000 {
            let unit = Every.Unit.allCases[Int.random(in: 0..<7, using: &random)]
            let every = Every(Int64.random(in: 1...20, using: &random), unit)
            let time = Timestamp(
                microseconds: Int64.random(
                    in: -62_135_596_800_000_000..<253_402_300_800_000_000, using: &random))
            let grid = BucketGrid(every)
            let number = grid.number(of: time)
            let start = grid.start(of: number)
            let next = grid.start(of: number + 1)
            let lastOfBefore = Timestamp(microseconds: start.microseconds - 1)
            guard start <= time, time < next, grid.number(of: start) == number,
                grid.number(of: next) == number + 1, grid.number(of: lastOfBefore) == number - 1
            else {
                Issue.record("seed \(seed): \(every) at \(time): bucket \(number)")
                return
            }
            if let seconds = every.fixedSeconds {
                #expect(next.seconds - start.seconds == seconds)
            }
        }
    }

    @Test func rangesTouchWhatTheyHold() {
        let hour = BucketGrid(Every(1, .hour))
        let at = { (seconds: Int64) in Timestamp(seconds: seconds) }
        #expect(hour.numbers(from: at(0), to: at(3_600)) == 0..<1)
        #expect(hour.numbers(from: at(3_599), to: at(3_601)) == 0..<2)
        #expect(hour.numbers(from: at(-1), to: at(0)) == -1..<0)
        #expect(hour.numbers(from: at(5), to: at(5)).isEmpty)
    }
}
