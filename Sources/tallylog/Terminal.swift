import ArgumentParser
import Glibc

/// What surrounds a command: standard output and standard error, written whole; the environment.
enum Terminal {
    /// Writes lines to standard output.
    static func print(lines: [String]) {
        write(Array((lines.joined(separator: "\n") + "\n").utf8), to: 1)
    }

    /// Writes a sentence to standard error.
    static func complain(_ sentence: String) {
        write(Array("tallylog: \(sentence)\n".utf8), to: 2)
    }

    /// Writes to standard error without a line end, over what stands in the line.
    static func status(_ text: String) { write(Array("\r\u{1B}[K\(text)".utf8), to: 2) }

    static var showsProgress: Bool { isatty(2) == 1 }

    /// Ends the process where an answer cannot be written: what is cut off must not look whole.
    static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var done = 0
        while done < bytes.count {
            let amount = bytes[done...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if amount < 0 && errno == EINTR { continue }
            if amount <= 0 {
                // Nobody reads any more: there is nobody to tell either.
                guard descriptor == 1, amount < 0, errno != EPIPE else { return }
                complain("standard output cannot be written: \(String(cString: strerror(errno)))")
                _exit(ExitStatus.failed.rawValue)
            }
            done += amount
        }
    }

    /// A variable of the environment; an empty one is none.
    static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Questions change nothing, so they may end anywhere; only the shell's prompt wants a line of
    /// its own on a terminal.
    static func endQuietlyWhenInterrupted() {
        signal(SIGINT) { _ in
            if isatty(1) == 1 { _ = Glibc.write(1, "\n", 1) }
            _exit(0)
        }
    }
}
