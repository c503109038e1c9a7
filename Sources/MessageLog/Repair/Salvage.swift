import Model

/// What of one segment can still be read, and what could not.
///
/// A row whose columns are damaged becomes a gap; one whose payload is damaged stays what it is,
/// with an empty payload, which no message has.
final class Salvage {
    let columns: SegmentColumns
    /// Blocks of which nothing is certain.
    let lostBlocks: Set<Int>
    /// Whether the texts of names are as they were: without them no row can be kept.
    let namesAreWhole: Bool
    /// By dimension: the names that rows have which can be read.
    private var names: [Dimension: Set<UInt32>] = [:]
    /// Rows without their payloads.
    private(set) var lostPayloads: Set<Int> = []
    /// Why.
    private(set) var reason = "the payloads cannot be read"

    /// Reads all of a segment's columns.
    init(_ columns: SegmentColumns, _ notes: DamageNotes) {
        self.columns = columns
        var lostBlocks: Set<Int> = []
        for index in 0..<columns.blockCount {
            let before = notes.count
            let block = columns.block(index, .all)
            guard notes.count == before else {
                lostBlocks.insert(index)
                continue
            }
            names[.topic, default: []].formUnion(block.topics)
            for set in block.sets { names[set.dimension, default: []].formUnion(set.names.ids) }
        }
        self.lostBlocks = lostBlocks
        namesAreWhole = columns.namesAreWhole
    }

    /// A block of the segment, or so many gaps.
    func block(_ index: Int, _ wanted: ColumnSelection) -> ColumnBlock {
        guard lostBlocks.contains(index) else { return columns.block(index, wanted) }
        let first = columns.firstRow(ofBlock: index)
        return .gap(firstRow: first, rows: min(columns.blockRows, columns.rows - first))
    }

    /// Whether any row has a name.
    func has(_ dimension: Dimension, _ id: UInt32) -> Bool {
        names[dimension]?.contains(id) ?? false
    }

    /// Whether the payload of a row is not even looked for.
    func isGap(_ row: Int) -> Bool { lostBlocks.contains(row / columns.blockRows) }

    /// Whether there is an empty payload in place of a row's own.
    func isLost(_ row: Int) -> Bool { isGap(row) || lostPayloads.contains(row) }

    /// Takes note that a payload could not be read.
    func lose(_ row: Int, _ error: LogError) throws(LogError) {
        switch error {
        case .damaged(let damage): reason = "\(damage.reason) in \(damage.path)"
        case .dropped: break
        default: throw error
        }
        lostPayloads.insert(row)
    }
}

extension ColumnBlock {
    /// Rows of which nothing is known but that there were so many.
    static func gap(
        firstRow: Int, rows: Int, timeBounds: ClosedRange<Int64>? = nil
    ) -> ColumnBlock {
        ColumnBlock(
            firstRow: firstRow, rows: rows, times: Array(repeating: 0, count: rows),
            topics: Array(repeating: 0, count: rows), flags: Array(repeating: 0, count: rows),
            kinds: Array(repeating: Record.Kind.gap, count: rows),
            idForms: Array(repeating: 0, count: rows), idHigh: Array(repeating: 0, count: rows),
            idLow: Array(repeating: 0, count: rows), positions: Array(repeating: 0, count: rows),
            sets: [], timeBounds: timeBounds)
    }
}
