import Model
import Rollup

/// Says when LMDB's file is to be rewritten in key order.
///
/// A checkpoint writes pages anew and frees the old ones; what a reader that stays for long may
/// still need is not used again meanwhile. So it is free pages that make the file larger than its
/// content, and how many they are is known without reading it.
struct RewriteSchedule {
    /// Smaller files are left alone.
    let fileBytesMin: Int
    private var last: ContinuousClock.Instant?
    private var hasFailed = false

    init(fileBytesMin: Int) { self.fileBytesMin = fileBytesMin }

    /// Whether a rewrite pays now.
    func isDue(_ file: FileUse) -> Bool {
        guard file.fileBytes >= fileBytesMin else { return false }
        let isRested =
            last.map { $0.duration(to: .now) >= .seconds(Limits.rewriteSecondsMin) } ?? true
        if isRested { return file.fileBytes > Limits.rewriteTimesUsed * file.usedBytes }
        // Checkpoints have written more than twice of what a rewrite writes since the last one.
        return !hasFailed && file.fileBytes > Limits.rewriteTimesUsedSoon * file.usedBytes
    }

    /// A rewrite is over.
    mutating func note(failed: Bool) {
        last = .now
        hasFailed = failed
    }
}
