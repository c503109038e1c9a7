import Glibc

/// Does something again and again, with a pause between, until SIGINT ends the process.
enum Watching {
    static func forever(pause seconds: Double, _ round: (_ isFirst: Bool) throws -> Void) throws {
        endQuietlyWhenInterrupted()
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

    /// Questions change nothing, so they may end anywhere; only the shell's prompt wants a line of
    /// its own on a terminal.
    private static func endQuietlyWhenInterrupted() {
        signal(SIGINT) { _ in
            if isatty(1) == 1 { _ = Glibc.write(1, "\n", 1) }
            _exit(0)
        }
    }
}
