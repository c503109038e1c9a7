import Engine
import Glibc
import Model

/// Tells when the wall clock is set back, by a clock that nobody sets. Times of before lie in the
/// future then, for as long as the step was.
struct ClockSteps {
    /// Both clocks, as they were read together.
    struct Reading {
        var wall: Timestamp
        /// Since some moment; it goes on while the machine sleeps.
        var elapsed: Int64

        static var now: Reading {
            var time = timespec()
            clock_gettime(CLOCK_BOOTTIME, &time)
            return Reading(
                wall: WallClock.now,
                elapsed: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
        }
    }

    /// Less is how clocks are kept right, and what lies between two readings.
    private static let microseconds: Int64 = 500_000

    private var last: Reading

    init(_ reading: Reading) { last = reading }

    /// By how many microseconds the wall clock was set back since the reading before; nil where it
    /// was not.
    mutating func setBack(_ reading: Reading) -> Int64? {
        let (wall, elapsed) = (
            reading.wall.microseconds - last.wall.microseconds, reading.elapsed - last.elapsed
        )
        last = reading
        return elapsed - wall >= Self.microseconds ? elapsed - wall : nil
    }
}
