import Glibc
import Model

/// The time of day. The log and the rollups never ask it; whoever receives messages does.
package enum WallClock {
    package static var now: Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(
            microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}
