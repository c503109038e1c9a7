import Foundation
import Synchronization

/// The largest anonymous and resident memory of this process since it was made, looked at fifty
/// times a second.
final class MemoryWatch: Sendable {
    struct Size {
        var anonymous = 0
        var resident = 0
    }

    private let largest = Mutex(Size())
    private let ended = Mutex(false)

    init() {
        Thread.detachNewThread { [self] in
            while !ended.withLock({ $0 }) {
                look()
                Thread.sleep(forTimeInterval: 0.02)
            }
        }
    }

    /// Ends the watch and prints what it saw.
    func report() {
        look()
        ended.withLock { $0 = true }
        let size = largest.withLock { $0 }
        print(
            "memory at most: \(size.anonymous / 1_000) MB anonymous, "
                + "\(size.resident / 1_000) MB resident")
    }

    private func look() {
        let now = Self.now
        largest.withLock {
            $0.anonymous = max($0.anonymous, now.anonymous)
            $0.resident = max($0.resident, now.resident)
        }
    }

    /// In kB, as the kernel has it.
    static var now: Size {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        func value(_ name: String) -> Int {
            let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
            return line.flatMap { $0.split(whereSeparator: \.isWhitespace)[1...].first }
                .flatMap { Int($0) } ?? 0
        }
        return Size(anonymous: value("RssAnon"), resident: value("VmRSS"))
    }
}
