import Model

/// Looks for duplicates in all segments but the one that takes appends.
///
/// A segment is asked only if its messages' times come near enough, so a live message asks few.
struct SealedIdentities {
    private struct Candidate {
        var columns: SegmentColumns
        var earliest: Int64
        var latest: Int64
        /// Whether any of its messages got its arrival's time; found out when it first matters.
        var hasArrivalTimes: Bool?
    }

    /// By latest time, descending.
    private var candidates: [Candidate] = []

    /// - Parameter segments: those that take no more appends.
    init(_ segments: some Sequence<Segment>) {
        for segment in segments {
            guard let bounds = segment.columns.timeBounds else { continue }
            candidates.append(
                Candidate(
                    columns: segment.columns, earliest: bounds.lowerBound, latest: bounds.upperBound
                ))
        }
        candidates.sort { $0.latest > $1.latest }
    }

    /// The lowest sequence of a message that one of `id` at `time` repeats.
    mutating func duplicate(
        of id: MessageID, at time: Timestamp, arrivalTime: Bool
    ) -> UInt64? {
        let wide = Limits.duplicateWindowTimelessMicroseconds
        let narrow = Limits.duplicateWindowMicroseconds
        let moment = time.microseconds
        var lowest: UInt64?
        for place in candidates.indices {
            let latest = candidates[place].latest
            let earliest = candidates[place].earliest
            if Self.isPast(moment, latest, by: wide) { break }
            if Self.isPast(earliest, moment, by: wide) { continue }
            let near =
                !Self.isPast(moment, latest, by: narrow)
                && !Self.isPast(earliest, moment, by: narrow)
            guard near || arrivalTime || hasArrivalTimes(place) else { continue }
            let columns = candidates[place].columns
            if let row = columns.duplicate(of: id, at: time, arrivalTime: arrivalTime) {
                let sequence = columns.firstSequence + UInt64(row)
                lowest = min(lowest ?? sequence, sequence)
            }
        }
        return lowest
    }

    /// Whether `moment` lies at least `window` behind `bound`. Times may be anything.
    @inline(__always)
    private static func isPast(_ moment: Int64, _ bound: Int64, by window: Int64) -> Bool {
        moment > bound && UInt64(bitPattern: moment &- bound) >= UInt64(window)
    }

    private mutating func hasArrivalTimes(_ place: Int) -> Bool {
        if let known = candidates[place].hasArrivalTimes { return known }
        let columns = candidates[place].columns
        let found = (0..<columns.blockCount).contains { index in
            columns.block(index, .flags).flags.contains { $0 & Record.Flags.arrivalTime != 0 }
        }
        candidates[place].hasArrivalTimes = found
        return found
    }
}
