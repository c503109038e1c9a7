import Disk
import Model

/// Opening of a log that is damaged and is to be read all the same: what cannot be opened is stood
/// in for by segments of which every reading is refused.
extension LogOpening {
    /// Opens one part of the log. Where that is damaged, and the log is to be served, a stand-in
    /// takes its place.
    /// - Parameter last: the last sequence that the part has; nil where nothing says it.
    mutating func tolerating(
        first: UInt64, last: UInt64?, _ open: (inout LogOpening) throws(LogError) -> Void
    ) throws(LogError) {
        let before = log
        do {
            try open(&self)
        } catch {
            guard options.servesDamaged, case .damaged(let damage) = error else { throw error }
            log = before
            let end: UInt64
            if let last { end = last } else { end = try provenEnd(first) }
            try standIn(for: first, upTo: end, damage)
        }
    }

    /// Segments in the place of records that cannot be read.
    mutating func standIn(
        for first: UInt64, upTo last: UInt64, _ damage: Damage
    ) throws(LogError) {
        var next = first
        while next <= last {
            let rows = min(last - next + 1, UInt64(Limits.mergedRecordsMax))
            log.segments.append(
                Segment(
                    firstSequence: next,
                    columns: SegmentColumns(
                        standingInFor: Int(rows), from: next, damage, notes: log.notes),
                    payloads: .damaged(damage)))
            next += rows
        }
        log.nextSequence = max(log.nextSequence, next)
        log.report.damage.append(damage)
    }

    /// The last sequence that a valid batch of the last journal has.
    private func provenEnd(_ first: UInt64) throws(LogError) -> UInt64 {
        let path = path(LogFileName.journal(first))
        let file = try withLogErrors { () throws(DiskError) in try disk.open(path, .read) }
        let salt = try JournalScanner.salt(of: file) ?? 0
        let scanner = try JournalScanner(
            file,
            withHeader: JournalHeader(
                logID: LogID(high: 0, low: 0), salt: salt, firstSequence: first))
        var offset = JournalFormat.headerBytes
        var following = first
        while let batch = try scanner.laterBatch(
            from: offset, upTo: scanner.window.size, sequence: following)
        {
            offset = batch.end
            following = batch.following
        }
        return following - 1
    }
}
