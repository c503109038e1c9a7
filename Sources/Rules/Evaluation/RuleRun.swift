import Model

/// What a rule makes of a range of the log, in buckets of its finest width. Immutable.
package final class RuleRun: Sendable {
    package struct Cell: Sendable {
        /// The bucket's start, in seconds since 1970.
        package var start: Int64
        /// See `RuleGroups`.
        package var group: UInt32
        package var state: GroupState

        package init(start: Int64, group: UInt32, state: GroupState) {
            self.start = start
            self.group = group
            self.state = state
        }
    }

    /// Neighbouring runs' ranges are without a gap.
    package let sequences: ClosedRange<UInt64>
    /// Ascending by start, then by group.
    package let cells: [Cell]
    package let losses: RuleLosses
    /// How many groups there are behind it.
    package let groupCount: Int
    /// About what it takes in memory.
    package let memoryBytes: Int

    init(
        _ sequences: ClosedRange<UInt64>, cells: [Cell], losses: RuleLosses, groupCount: Int
    ) {
        self.sequences = sequences
        self.cells = cells
        self.losses = losses
        self.groupCount = groupCount
        memoryBytes = cells.reduce(0) { $0 + $1.state.memoryBytes }
    }

    package var rows: UInt64 { sequences.upperBound - sequences.lowerBound + 1 }

    /// Neighbouring runs as one.
    package static func merge(_ runs: [RuleRun]) -> RuleRun {
        guard let first = runs.first, let last = runs.last else {
            preconditionFailure("at least one run is merged")
        }
        if runs.count == 1 { return first }
        var builder = RuleRunBuilder()
        var losses = RuleLosses()
        for run in runs {
            for cell in run.cells { builder.add(cell) }
            losses.merge(run.losses)
        }
        return builder.run(
            first.sequences.lowerBound...last.sequences.upperBound, losses,
            groupCount: last.groupCount)
    }
}

/// What a rule could not look at: messages that it wants and whose payloads are gone.
package struct RuleLosses: Hashable, Sendable {
    package var messages: UInt64 = 0
    /// The latest time of these messages; complete is what lies behind it.
    package var latest: Int64 = .min
    /// Messages that count for the others, since there were too many groups before.
    package var others: UInt64 = 0

    package init() {}

    package mutating func add(lostAt time: Int64) {
        messages += 1
        latest = max(latest, time)
    }

    package mutating func merge(_ other: RuleLosses) {
        messages += other.messages
        latest = max(latest, other.latest)
        others += other.others
    }
}

/// Gathers cells in any order.
package struct RuleRunBuilder {
    private var table = SlotTable()
    private var cells: [RuleRun.Cell] = []

    package init() {}

    package mutating func add(_ cell: RuleRun.Cell) {
        if let known = find(cell.start, cell.group) {
            cells[known].state.merge(cell.state)
        } else {
            insert(cell)
        }
    }

    /// Adds one message.
    package mutating func add(
        _ start: Int64, _ group: UInt32, _ contribution: RuleContribution, _ program: RuleProgram
    ) {
        if let known = find(start, group) {
            contribution.add(to: &cells[known].state)
        } else {
            insert(RuleRun.Cell(start: start, group: group, state: contribution.state(program)))
        }
    }

    @inline(__always)
    private func find(_ start: Int64, _ group: UInt32) -> Int? {
        let found = table.find(Self.hash(start, group)) { number in
            let cell = Int(number) - 1
            return cells[cell].start == start && cells[cell].group == group
        }
        return found.map { Int($0) - 1 }
    }

    private mutating func insert(_ cell: RuleRun.Cell) {
        cells.append(cell)
        let cells = cells
        table.insert(UInt32(cells.count), Self.hash(cell.start, cell.group)) { number in
            Self.hash(cells[Int(number) - 1].start, cells[Int(number) - 1].group)
        }
    }

    private static func hash(_ start: Int64, _ group: UInt32) -> UInt64 {
        SeededHash.hash(
            UInt64(bitPattern: start), UInt64(group), seed: SeededHash.processSeed)
    }

    package func run(
        _ sequences: ClosedRange<UInt64>, _ losses: RuleLosses, groupCount: Int
    ) -> RuleRun {
        RuleRun(sequences, cells: sorted, losses: losses, groupCount: groupCount)
    }

    /// Ascending by start, then by group.
    package var sorted: [RuleRun.Cell] {
        cells.sorted { ($0.start, $0.group) < ($1.start, $1.group) }
    }
}
