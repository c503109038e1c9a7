import Model

/// Rows of which a columns file can be made: a view of memory, or those of several segments as one.
protocol SegmentRows {
    var rows: Int { get }
    /// The sequence of row 0.
    var firstSequence: UInt64 { get }
    /// Rows in each block but the last.
    var blockRows: Int { get }
    /// Those dimensions that have names, by dimension.
    var names: [ActiveView.DimensionNames] { get }
    /// The days since 1970-01-01 UTC that messages fall on, ascending.
    var days: [Int64] { get }
    var timeBounds: ClosedRange<Int64>? { get }
    var controls: [ControlRecord] { get }

    /// One block, with at least the columns that are wanted.
    func block(_ index: Int, _ wanted: ColumnSelection) -> ColumnBlock
}

extension SegmentRows {
    var blockCount: Int { (rows + blockRows - 1) / blockRows }

    func names(of dimension: Dimension) -> NameTableView? {
        for entry in names where entry.dimension == dimension { return entry.names }
        return nil
    }
}

extension ActiveView: SegmentRows {
    func block(_ index: Int, _ wanted: ColumnSelection) -> ColumnBlock { block(index) }
}
