import Glibc

/// Does something again and again, with a pause between, until SIGINT ends the process.
enum Watching {
    static func forever(pause seconds: Double, _ round: (_ isFirst: Bool) throws -> Void) throws {
        Terminal.endQuietlyWhenInterrupted()
        var isFirst = true
        while true {
            try round(isFirst)
            isFirst = false
            var rest = timespec(
                tv_sec: Int(seconds),
                tv_nsec: Int((seconds - seconds.rounded(.down)) * 1_000_000_000))
            nanosleep(&rest, nil)
        }
    }
}
