import Engine
import Glibc
import Model

/// Keeps a loop to a rate, and counts its rounds.
final class Pace {
    private let rate: Int?
    private let begun = WallClock.now
    private(set) var done = 0

    /// - Parameter rate: rounds per second; nil: as fast as possible.
    init(rate: Int?) { self.rate = rate }

    /// To be called once a round; sleeps where the loop is ahead by ten milliseconds.
    func wait() {
        done += 1
        guard let rate, rate > 0 else { return }
        let due = begun.microseconds + Int64(done) * 1_000_000 / Int64(rate)
        let ahead = due - WallClock.now.microseconds
        if ahead > 10_000 { usleep(UInt32(ahead)) }
    }
}
