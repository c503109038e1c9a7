import MessageLog

/// Rows to look at, ascending.
struct CandidateRows {
    private var rows: [UInt32]
    private let blockRows: Int
    /// Whether all of them match, their times apart.
    let allMatch: Bool

    /// A clause with more rows for each that is left is tested row by row.
    private static let intersectedMax = 1_024

    /// The rows that postings leave, where that is much less than the segment; else nil.
    init?(_ test: RowTest, _ columns: SegmentColumns) {
        guard let narrowest = test.postings.first, narrowest.rows < columns.rows / 16,
            let rows = Self.rows(of: narrowest, columns)
        else { return nil }
        blockRows = columns.blockRows
        self.rows = rows
        var allMatch = test.postingsDecide
        for other in test.postings.dropFirst() {
            guard other.rows < Self.intersectedMax * self.rows.count,
                let others = Self.rows(of: other, columns)
            else {
                allMatch = allMatch && self.rows.isEmpty
                continue
            }
            self.rows.keepCommon(others)
        }
        self.allMatch = allMatch
    }

    /// The rows that have any of the names, ascending.
    private static func rows(of names: RowTest.WantedNames, _ columns: SegmentColumns) -> [UInt32]?
    {
        var rows: [UInt32] = []
        for id in names.ids {
            guard let own = columns.postings(names.dimension, id) else { return nil }
            if rows.isEmpty { rows = own } else { rows.append(contentsOf: own) }
        }
        guard names.ids.count > 1 else { return rows }
        rows.sort()
        var last: UInt32?
        rows.removeAll { row in
            defer { last = row }
            return row == last
        }
        return rows
    }

    func meets(block index: Int) -> Bool {
        let place = rows.firstPlace(from: UInt32(index * blockRows))
        return place < rows.count && Int(rows[place]) < (index + 1) * blockRows
    }

    /// The rows of a block, from its first on.
    func places(in block: ColumnBlock) -> [Int] {
        var place = rows.firstPlace(from: UInt32(block.firstRow))
        var found: [Int] = []
        while place < rows.count, Int(rows[place]) < block.firstRow + block.rows {
            found.append(Int(rows[place]) - block.firstRow)
            place += 1
        }
        return found
    }
}

extension [UInt32] {
    /// The place of the first value that is not below this one; the values are ascending.
    func firstPlace(from value: UInt32) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Drops what is not in `others` too; both are ascending.
    fileprivate mutating func keepCommon(_ others: [UInt32]) {
        var place = 0
        removeAll { row in
            while place < others.count, others[place] < row { place += 1 }
            return place == others.count || others[place] != row
        }
    }
}
