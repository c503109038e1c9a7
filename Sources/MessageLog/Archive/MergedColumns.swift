import Model

/// The columns of neighbouring segments as those of one, with places in an archive's order as
/// positions. Rows are read from the segments a block at a time, whenever they are asked for: in
/// memory are the names and the order. For one thread.
struct MergedColumns: SegmentRows {
    let rows: Int
    let firstSequence: UInt64
    let blockRows: Int
    let names: [ActiveView.DimensionNames]
    let days: [Int64]
    let timeBounds: ClosedRange<Int64>?
    let controls: [ControlRecord]
    let order: ArchiveOrder
    private let sources: MergedSources

    /// Reads every block once, so that the segments' notes tell of any damage in them.
    /// - Parameters:
    ///   - columns: of the segments, sealed, one behind the other.
    ///   - salvage: what is left of the one segment, where it is damaged.
    init(_ columns: [SegmentColumns], blockRows: Int, salvage: Salvage? = nil) {
        guard let first = columns.first else { preconditionFailure("nothing to merge") }
        var names = MergedNames()
        let sources = MergedSources(
            columns.map { ($0, names.add($0) { salvage?.has($0, $1) ?? true }) }, salvage)
        precondition(sources.rows <= Limits.mergedRecordsMax, "a segment past its most rows")
        self.sources = sources
        self.blockRows = blockRows
        self.names = names.views
        rows = sources.rows
        firstSequence = first.firstSequence
        days = Set(columns.flatMap(\.days)).sorted()
        order = ArchiveOrder(sources, topics: names.topicsInOrder)
        let bounds = columns.compactMap(\.timeBounds)
        if let earliest = bounds.map(\.lowerBound).min(),
            let latest = bounds.map(\.upperBound).max()
        {
            timeBounds = earliest...latest
        } else {
            timeBounds = nil
        }
        controls = sources.controls
    }

    func block(_ index: Int, _ wanted: ColumnSelection) -> ColumnBlock {
        let start = index * blockRows
        let range = start..<min(rows, start + blockRows)
        var gathered = GatheredRows(capacity: range.count)
        sources.forEachPart(of: range, wanted) { block, part, ids in
            gathered.append(block, part, ids)
        }
        let positions =
            wanted.contains(.positions) ? order.placeOf[range].map { UInt64($0) } : []
        return gathered.block(firstRow: start, rows: range.count, positions: positions)
    }
}

/// Segments one behind the other, whose rows are read as if they were of one.
final class MergedSources {
    private struct Source {
        let columns: SegmentColumns
        let ids: MergedIDs
        let rows: Range<Int>
    }

    private let list: [Source]
    private let salvage: Salvage?
    /// The block that was read last: blocks of the whole do not end where those of segments do.
    private var last: (source: Int, block: ColumnBlock, wanted: ColumnSelection)?
    let rows: Int

    init(_ segments: [(columns: SegmentColumns, ids: MergedIDs)], _ salvage: Salvage?) {
        var end = 0
        list = segments.map { segment in
            let start = end
            end += segment.columns.rows
            return Source(columns: segment.columns, ids: segment.ids, rows: start..<end)
        }
        rows = end
        self.salvage = salvage
    }

    /// Which segment has a row, and which of its rows it is there.
    @inline(__always)
    func find(_ row: Int) -> (source: Int, row: Int) {
        var source = 0
        while row >= list[source].rows.upperBound { source += 1 }
        return (source, row - list[source].rows.lowerBound)
    }

    /// Calls `body` with one block of a segment after the other, and which of its rows are wanted.
    func forEachPart(
        of range: Range<Int>, _ wanted: ColumnSelection,
        _ body: (ColumnBlock, Range<Int>, MergedIDs) -> Void
    ) {
        var row = range.lowerBound
        while row < range.upperBound {
            let (source, place) = find(row)
            let block = block(of: source, place, wanted)
            let start = place - block.firstRow
            let end = min(block.rows, start + range.upperBound - row)
            body(block, start..<end, list[source].ids)
            row += end - start
        }
    }

    private func block(of source: Int, _ row: Int, _ wanted: ColumnSelection) -> ColumnBlock {
        let columns = list[source].columns
        if let last, last.source == source, last.wanted == wanted,
            row - last.block.firstRow < last.block.rows, row >= last.block.firstRow
        {
            return last.block
        }
        let index = row / columns.blockRows
        let block = salvage?.block(index, wanted) ?? columns.block(index, wanted)
        last = (source, block, wanted)
        return block
    }

    /// The control records of all segments, by row.
    var controls: [ControlRecord] {
        list.flatMap { source in
            source.columns.controls.map { record in
                var moved = record
                moved.row += UInt32(source.rows.lowerBound)
                return moved
            }
        }
    }
}
