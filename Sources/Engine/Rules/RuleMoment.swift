import MessageLog
import Model
import Rules

/// A rule at one moment, and the log at the same: what an answer is made of.
package struct RuleMoment: ~Copyable {
    package let program: RuleProgram
    private let state: LiveRule.State
    private let stored: RuleReading
    private let groups: RuleGroups
    /// The keys of the groups up to the position, by number.
    package let texts: GroupTexts

    init(
        _ rule: LiveRule, _ state: LiveRule.State, _ texts: GroupTexts,
        _ stored: consuming RuleReading
    ) {
        program = rule.program
        groups = rule.store.groups
        self.state = state
        self.texts = texts
        self.stored = stored
    }

    /// The last sequence that is computed.
    package var position: UInt64 { state.position }
    package var groupCount: Int { state.groupCount }
    package var losses: RuleLosses { state.losses }
    /// By width, in seconds since 1970: buckets that begin before are not kept.
    package var horizons: [Int64] { state.horizons }

    /// Calls `body` with what is computed of whole buckets of a width: each bucket and group, in
    /// parts that are to be merged.
    /// - Parameters:
    ///   - width: its place among the rule's.
    ///   - starts: of the buckets, in seconds; whole buckets.
    package borrowing func forEach(
        width: Int, starts: Range<Int64>,
        _ body: (_ start: Int64, _ group: UInt32, _ state: GroupState) throws -> Void
    ) throws {
        try stored.forEach(width: width, starts: starts, body)
        for run in state.runs where run.sequences.upperBound > stored.watermark {
            let cells = run.cells
            var (low, high) = (0, cells.count)
            while low < high {
                let middle = (low + high) / 2
                if cells[middle].start < starts.lowerBound {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            while low < cells.count, cells[low].start < starts.upperBound {
                try body(cells[low].start, cells[low].group, cells[low].state)
                low += 1
            }
        }
    }

    /// The number of a group among those up to the position; nil where it has none.
    package borrowing func number(of key: [UInt8]) -> UInt32? {
        guard let number = groups.number(key), Int(number) <= state.groupCount else { return nil }
        return number
    }
}
