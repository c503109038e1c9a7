import MessageLog

/// Rows to look at, ascending, grouped by block.
struct CandidateRows {
    private var byBlock: [Int: [Int]] = [:]
    private let blockRows: Int

    private init(_ rows: [UInt32], blockRows: Int) {
        self.blockRows = blockRows
        for row in Set(rows).sorted() {
            byBlock[Int(row) / blockRows, default: []].append(Int(row) % blockRows)
        }
    }

    /// The rows that postings leave, where that is much less than the segment; else nil.
    init?(_ test: RowTest, _ columns: SegmentColumns) {
        guard let narrowest = test.narrowest, narrowest.rows < columns.rows / 16 else { return nil }
        var rows: [UInt32] = []
        for id in narrowest.ids {
            guard let own = columns.postings(narrowest.dimension, id) else { return nil }
            rows.append(contentsOf: own)
        }
        self.init(rows, blockRows: columns.blockRows)
    }

    func meets(block index: Int) -> Bool { byBlock[index] != nil }

    func places(in block: ColumnBlock) -> [Int] { byBlock[block.firstRow / blockRows] ?? [] }
}
