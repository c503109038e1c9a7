import MessageLog
import Model
import Rollup

/// Turns segments' columns into the rollup's input, local name ids into global ones.
enum RowReader {
    /// The rows of the sequences `range`, which the segments must cover.
    static func rows(
        _ range: ClosedRange<UInt64>, of segments: [SegmentView]
    ) throws(EngineError) -> RollupRows {
        var rows = RollupRows(first: range.lowerBound, last: range.upperBound)
        var counts = NameCounts()
        for view in segments {
            let first = view.segment.firstSequence
            guard view.segment.columns.rows > 0, view.lastSequence >= range.lowerBound,
                first <= range.upperBound
            else { continue }
            let lower = Int(max(range.lowerBound, first) - first)
            let upper = Int(min(range.upperBound, view.lastSequence) - first)
            try append(view, rows: lower...upper, to: &rows, &counts)
        }
        counts.note(.topic, rows.topics.max() ?? 0)
        counts.note(.user, rows.userIDs.max() ?? 0)
        counts.note(.package, rows.packageIDs.max() ?? 0)
        rows.nameCounts = counts.byCode
        return rows
    }

    private static func append(
        _ view: SegmentView, rows wanted: ClosedRange<Int>, to result: inout RollupRows,
        _ counts: inout NameCounts
    ) throws(EngineError) {
        let columns = view.segment.columns
        let topics = try view.globals(of: .topic)
        let users = try view.globals(of: .user)
        let packages = try view.globals(of: .package)
        let blocks = wanted.lowerBound / columns.blockRows...wanted.upperBound / columns.blockRows
        for index in blocks {
            let block = columns.block(index, [.times, .topics, .sets])
            let lower = max(wanted.lowerBound, block.firstRow) - block.firstRow
            let upper = min(wanted.upperBound + 1, block.firstRow + block.rows) - block.firstRow
            try count(block, lower..<upper, view, &counts)
            result.times.append(contentsOf: block.times[lower..<upper])
            for row in lower..<upper { result.topics.append(topics[Int(block.topics[row])]) }
            append(
                block.set(of: .user), lower..<upper, globals: users,
                offsets: &result.userOffsets, ids: &result.userIDs)
            append(
                block.set(of: .package), lower..<upper, globals: packages,
                offsets: &result.packageOffsets, ids: &result.packageIDs)
        }
    }

    private static func append(
        _ set: NameSet?, _ rows: Range<Int>, globals: [UInt32],
        offsets: inout [UInt32], ids: inout [UInt32]
    ) {
        guard let set else {
            let end = UInt32(ids.count)
            for _ in rows { offsets.append(end) }
            return
        }
        for row in rows {
            for position in set.offsets[row]..<set.offsets[row + 1] {
                ids.append(globals[Int(set.ids[Int(position)])])
            }
            offsets.append(UInt32(ids.count))
        }
    }

    /// Notes the names that the rows need in dimensions that have no tallies.
    private static func count(
        _ block: ColumnBlock, _ rows: Range<Int>, _ view: SegmentView, _ counts: inout NameCounts
    ) throws(EngineError) {
        for set in block.sets where set.dimension != .user && set.dimension != .package {
            let globals = try view.globals(of: set.dimension)
            let lower = Int(set.names.offsets[rows.lowerBound])
            let upper = Int(set.names.offsets[rows.upperBound])
            for local in set.names.ids[lower..<upper] {
                counts.note(set.dimension, globals[Int(local)])
            }
        }
    }
}

/// By dimension's code: the largest global id that rows need.
struct NameCounts {
    private(set) var byCode: [UInt32] = []

    mutating func note(_ dimension: Dimension, _ id: UInt32) {
        let code = Int(dimension.code)
        while byCode.count <= code { byCode.append(0) }
        byCode[code] = max(byCode[code], id)
    }
}
