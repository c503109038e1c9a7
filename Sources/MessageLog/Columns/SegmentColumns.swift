import Model

/// What every count needs of a segment: one row per record, in log order. Immutable, for any
/// number of threads; either a view of the segment being written or a mapped columns file.
package final class SegmentColumns: Sendable {
    enum Backing: Sendable {
        case active(ActiveView)
    }

    let backing: Backing
    package let rows: Int
    /// The sequence of row 0.
    package let firstSequence: UInt64
    /// From the earliest to the latest time, in microseconds, of the messages (rows with a topic);
    /// nil if there are none.
    package let timeBounds: ClosedRange<Int64>?
    package let blockCount: Int

    init(_ view: ActiveView) {
        backing = .active(view)
        rows = view.rows
        firstSequence = view.firstSequence
        timeBounds = view.timeBounds
        blockCount = view.blockCount
    }

    /// From the earliest to the latest time of a block's messages; nil if it has none.
    package func blockBounds(_ block: Int) -> ClosedRange<Int64>? {
        precondition(block >= 0 && block < blockCount, "block \(block) of \(blockCount)")
        switch backing {
        case .active(let view): return view.block(block).timeBounds
        }
    }

    /// The rows that the blocks before this one have.
    package func firstRow(ofBlock block: Int) -> Int { block * blockRows }

    /// Rows in each block but the last.
    package var blockRows: Int {
        switch backing {
        case .active(let view): view.blockRows
        }
    }

    /// One block, with at least the columns that are wanted.
    package func block(_ index: Int, _ wanted: ColumnSelection) -> ColumnBlock {
        precondition(index >= 0 && index < blockCount, "block \(index) of \(blockCount)")
        switch backing {
        case .active(let view): return view.block(index)
        }
    }

    package var names: SegmentNames { SegmentNames(self) }

    /// The days since 1970-01-01 UTC that messages fall on, ascending.
    package var days: [Int64] {
        switch backing {
        case .active(let view): view.days
        }
    }

    /// The rows that have a name, ascending; nil where none are kept (a view of memory).
    /// - Parameter id: a local name id of `dimension`; an unknown one has no rows.
    package func postings(_ dimension: Dimension, _ id: UInt32) -> [UInt32]? {
        switch backing {
        case .active: return nil
        }
    }

    /// How many rows have a name; nil where that is not kept (a view of memory).
    package func occurrences(_ dimension: Dimension, _ id: UInt32) -> Int? {
        switch backing {
        case .active: return nil
        }
    }

    /// The rows of the messages with an id, ascending.
    package func rows(withID id: MessageID) -> [Int] {
        var found: [Int] = []
        switch backing {
        case .active(let view):
            _ = view.firstRow(id) { block, row in
                if block.id(ofRow: row) == id { found.append(block.firstRow + row) }
                return false
            }
        }
        return found
    }

    /// The first row of a message with `id` that is the same as one at `time`; nil if none is.
    /// - Parameter arrivalTime: whether `time` is the arrival's for lack of a timestamp.
    package func duplicate(of id: MessageID, at time: Timestamp, arrivalTime: Bool) -> Int? {
        switch backing {
        case .active(let view):
            return view.firstRow(id) { block, row in
                block.isDuplicate(row, of: id, at: time, arrivalTime: arrivalTime)
            }
        }
    }

    /// Where a row's record stands in its journal, in bytes.
    package func position(ofRow row: Int) -> UInt64 {
        precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
        switch backing {
        case .active(let view):
            return view.block(row / view.blockRows).positions[row % view.blockRows]
        }
    }
}
