import MessageLog

/// Rows to look at, ascending.
struct CandidateRows {
    private var rows: [UInt32]
    private let blockRows: Int
    /// Whether all of them match, their times apart.
    let allMatch: Bool

    /// The rows that postings leave, where that is much less than the segment; else nil.
    init?(_ test: RowTest, _ columns: SegmentColumns) {
        guard let narrowest = test.narrowest, narrowest.rows < columns.rows / 16 else { return nil }
        blockRows = columns.blockRows
        allMatch = test.postingsDecide
        rows = []
        for id in narrowest.ids {
            guard let own = columns.postings(narrowest.dimension, id) else { return nil }
            if rows.isEmpty { rows = own } else { rows.append(contentsOf: own) }
        }
        guard narrowest.ids.count > 1 else { return }
        rows.sort()
        var last: UInt32?
        rows.removeAll { row in
            defer { last = row }
            return row == last
        }
    }

    func meets(block index: Int) -> Bool {
        let place = firstPlace(from: index * blockRows)
        return place < rows.count && Int(rows[place]) < (index + 1) * blockRows
    }

    /// The rows of a block, from its first on.
    func places(in block: ColumnBlock) -> [Int] {
        var place = firstPlace(from: block.firstRow)
        var found: [Int] = []
        while place < rows.count, Int(rows[place]) < block.firstRow + block.rows {
            found.append(Int(rows[place]) - block.firstRow)
            place += 1
        }
        return found
    }

    /// The place of the first row at or behind `row`.
    private func firstPlace(from row: Int) -> Int {
        var (low, high) = (0, rows.count)
        while low < high {
            let middle = (low + high) / 2
            if Int(rows[middle]) < row { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
