import Engine
import Model

/// A line on the terminal: how much is done, how fast, how long it will still take.
final class ProgressMeter {
    private let total: Int?
    private let begun = WallClock.now
    private var shown = Timestamp(microseconds: 0)

    /// - Parameter total: the bytes to be read, if known.
    init(total: Int?) { self.total = total }

    /// Shows the state, at most ten times a second, and only on a terminal.
    func show(_ done: Int, _ messages: UInt64) {
        let now = WallClock.now
        guard Terminal.showsProgress, now.microseconds - shown.microseconds > 100_000 else {
            return
        }
        shown = now
        let seconds = Double(now.microseconds - begun.microseconds) / 1_000_000
        let rate = Int(Double(messages) / max(seconds, 0.001))
        guard let total, total > 0, done > 0 else {
            return Terminal.status("\(messages) messages, \(rate)/s")
        }
        let share = min(1, Double(done) / Double(total))
        let left = Int(seconds / share - seconds)
        Terminal.status("\(Self.bar(share))  \(messages) messages, \(rate)/s, \(left) s left")
    }

    /// A share of 1, as a bar and in percent.
    static func bar(_ share: Double) -> String {
        let filled = Int(share * 30)
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
        return "[\(bar)] \(Int(share * 100))%"
    }

    /// Clears the line.
    func finish() { if Terminal.showsProgress { Terminal.status("") } }
}
