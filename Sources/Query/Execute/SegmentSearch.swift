import Engine
import MessageLog
import Model

/// The rows of one segment that match a filter and lie within a span of time, block by block, from
/// either end. Blocks that cannot have any are passed over: by their times, and by posting lists
/// where these leave few rows.
struct SegmentSearch {
    let columns: SegmentColumns
    private let test: RowTest
    private let filter: ResolvedFilter
    private let span: Span
    private let descending: Bool
    private var candidates: CandidateRows?
    private var reader: RowReader
    /// The blocks that were not looked at yet.
    private var left: Range<Int>

    /// nil where no row of the segment can match.
    init?(
        _ view: SegmentView, _ filter: ResolvedFilter, _ span: Span, descending: Bool = false
    ) throws(EngineError) {
        let columns = view.segment.columns
        guard let bounds = columns.timeBounds, bounds.upperBound >= span.lower,
            bounds.lowerBound < span.upper
        else { return nil }
        // What cannot be read may have any name.
        guard columns.isStandIn || filter.mayMatch(view) else { return nil }
        test = try RowTest(filter, view)
        if test.impossible { return nil }
        self.columns = columns
        self.filter = filter
        self.span = span
        self.descending = descending
        candidates = CandidateRows(test, columns)
        reader = RowReader(columns)
        left = columns.blocks(from: span.lower, to: span.upper)
    }

    /// Leaves out blocks that are not among these.
    mutating func keep(_ blocks: Range<Int>) { left = left.clamped(to: blocks) }

    /// Leaves out blocks without any of these rows.
    mutating func keep(rows: Range<Int>) {
        let size = columns.blockRows
        keep(rows.lowerBound / size..<(rows.upperBound + size - 1) / size)
    }

    /// The next block that may have matching rows, and its times.
    mutating func next() -> (index: Int, bounds: ClosedRange<Int64>)? {
        while !left.isEmpty {
            var index = descending ? left.upperBound - 1 : left.lowerBound
            if candidates != nil {
                let row =
                    descending
                    ? candidates?.last(before: left.upperBound * columns.blockRows)
                    : candidates?.first(from: left.lowerBound * columns.blockRows)
                guard let row, left.contains(row / columns.blockRows) else { return nil }
                index = row / columns.blockRows
            }
            left = descending ? left.lowerBound..<index : index + 1..<left.upperBound
            if let bounds = columns.blockBounds(index), bounds.upperBound >= span.lower,
                bounds.lowerBound < span.upper
            {
                return (index, bounds)
            }
        }
        return nil
    }

    /// The rows of a block.
    private func rows(_ index: Int) -> Range<Int> {
        index * columns.blockRows..<min((index + 1) * columns.blockRows, columns.rows)
    }

    /// A block's matching rows, ascending, whatever their times.
    mutating func rows(ofBlock index: Int) -> [Int] {
        let range = rows(index)
        if let found = candidates?.rows(in: range) { return found.map { Int($0) } }
        let block = columns.block(index, filter.columns)
        guard let held = test.held(against: block) else { return [] }
        return (0..<block.rows).compactMap { held.accepts($0) ? block.firstRow + $0 : nil }
    }

    /// A block's matching rows and their times, ascending by row.
    mutating func timedRows(ofBlock index: Int) -> [(row: Int, time: Int64)] {
        let range = rows(index)
        if let found = candidates?.rows(in: range) {
            var timed: [(row: Int, time: Int64)] = []
            timed.reserveCapacity(found.count)
            for row in found {
                let time = reader.time(ofRow: Int(row))
                if isInside(time) { timed.append((Int(row), time)) }
            }
            return timed
        }
        guard let (block, places) = block(index, reading: []) else { return [] }
        return places.map { (block.firstRow + $0, block.times[$0]) }
    }

    /// A block with the columns that are wanted besides times, and the places in it of matching
    /// rows; nil where there are none.
    mutating func block(
        _ index: Int, reading wanted: ColumnSelection
    ) -> (block: ColumnBlock, places: [Int])? {
        let wanted = wanted.union(.times)
        let range = rows(index)
        if let found = candidates?.rows(in: range) {
            guard !found.isEmpty else { return nil }
            let block = columns.block(index, wanted)
            let places = found.map { Int($0) - block.firstRow }
            return (block, places.filter { isInside(block.times[$0]) })
        }
        let block = columns.block(index, wanted.union(filter.columns))
        guard let held = test.held(against: block) else { return nil }
        return (block, (0..<block.rows).filter { isInside(block.times[$0]) && held.accepts($0) })
    }

    private func isInside(_ time: Int64) -> Bool { time >= span.lower && time < span.upper }
}
