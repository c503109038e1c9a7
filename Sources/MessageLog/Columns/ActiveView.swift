import Model

/// What one publication of `ActiveColumns` shows: blocks, names and ids up to a row.
struct ActiveView: Sendable {
    let rows: Int
    let firstSequence: UInt64
    let blockRows: Int
    let full: [ColumnBlock]
    let last: ColumnBlock?
    /// Those dimensions that have names, by dimension.
    let names: [DimensionNames]
    let identities: IdentityTable
    let days: [Int64]
    let timeBounds: ClosedRange<Int64>?
    let controls: [ControlRecord]

    struct DimensionNames: Sendable {
        let dimension: Dimension
        let names: NameTableView
    }

    var blockCount: Int { full.count + (last == nil ? 0 : 1) }

    func block(_ index: Int) -> ColumnBlock {
        if index < full.count { return full[index] }
        guard let last, index == full.count else {
            preconditionFailure("block \(index) of \(blockCount)")
        }
        return last
    }

    /// The first row, in ascending order, with the hash of `id` of which `accept` is true.
    func firstRow(_ id: MessageID, where accept: (ColumnBlock, Int) -> Bool) -> Int? {
        identities.first(id, below: rows) { row in
            accept(block(row / blockRows), row % blockRows)
        }
    }
}
