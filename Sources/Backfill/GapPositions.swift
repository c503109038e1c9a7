import MessageLog
import Model

/// How far one source has given what gaps miss, in whole seconds: what to ask for next, and what
/// an answer covers. Gaps overlap, and one answer serves all that it touches.
package struct GapPositions {
    /// What may differ between the time of a message and that of a gap.
    package struct Margins: Sendable, Hashable {
        /// Clocks, and the way: so many seconds before and behind a gap are fetched too.
        package var overlapSeconds: Int64
        /// A source may get messages so many seconds late: nothing younger is asked for.
        package var lagSeconds: Int64

        package init(overlapSeconds: Int64, lagSeconds: Int64) {
            self.overlapSeconds = overlapSeconds
            self.lagSeconds = lagSeconds
        }
    }

    private let source: String
    private let margins: Margins
    /// By gap: everything before this second was fetched. Ahead of what the log has been told.
    private var positions: [UInt64: Int64] = [:]
    private var noted: [UInt64: Int64] = [:]

    package init(source: String, margins: Margins) {
        self.source = source
        self.margins = margins
    }

    /// The seconds to fetch next, both ends included; nil where nothing is due.
    /// - Parameter gaps: those of the feed, in any order.
    package mutating func due(_ gaps: some Sequence<Gap>, now: Timestamp) -> ClosedRange<Int64>? {
        let newest = now.seconds - margins.lagSeconds
        var due: ClosedRange<Int64>?
        for gap in gaps where !gap.filledBy.contains(source) {
            let position = position(in: gap, now)
            let end = gap.to.map(endSecond)
            let until = min(end ?? .max, newest)
            // What grows, or is not old enough yet, is not asked for second by second.
            let isWorth = until == end || until - position >= Limits.backfillGrowthSeconds
            guard until > position, isWorth else { continue }
            if due.map({ position < $0.lowerBound }) ?? true { due = position...until }
        }
        return due
    }

    /// All messages in these seconds are in the log.
    package mutating func advance(over range: ClosedRange<Int64>) {
        for (gap, position) in positions where range.contains(position) {
            positions[gap] = range.upperBound
        }
    }

    /// What is to be noted now: how far gaps have come, and which are filled.
    package mutating func notes(_ gaps: some Sequence<Gap>, now: Timestamp) -> [FeedNote] {
        var notes: [FeedNote] = []
        for gap in gaps where !gap.filledBy.contains(source) {
            let position = position(in: gap, now)
            if let to = gap.to, position >= endSecond(to) {
                notes.append(.filled(number: gap.number, source: source))
                positions[gap.number] = nil
                noted[gap.number] = nil
            } else if position - (noted[gap.number] ?? 0) >= step(of: gap) {
                notes.append(
                    .fetched(
                        number: gap.number, source: source, before: Timestamp(seconds: position)))
                noted[gap.number] = position
            }
        }
        return notes
    }

    /// What grows for years is not noted every second.
    private func step(of gap: Gap) -> Int64 {
        gap.to == nil ? Limits.backfillGrowthNoteSeconds : 1
    }

    /// What was fetched while the clock was ahead may have been fetched too early. Where that is,
    /// nobody knows once the clock is set back, so such a gap begins anew.
    private mutating func position(in gap: Gap, _ now: Timestamp) -> Int64 {
        if let known = positions[gap.number], known <= now.seconds { return known }
        let first = startSecond(gap.from)
        let fetched = gap.fetched[source]?.seconds ?? first
        let start = fetched <= now.seconds ? fetched : first
        positions[gap.number] = start
        noted[gap.number] = start
        return start
    }

    /// A start of 0 makes a datagrepper leave out both ends.
    private func startSecond(_ from: Timestamp) -> Int64 {
        max(1, from.seconds - margins.overlapSeconds)
    }

    private func endSecond(_ to: Timestamp) -> Int64 { to.seconds + 1 + margins.overlapSeconds }
}
