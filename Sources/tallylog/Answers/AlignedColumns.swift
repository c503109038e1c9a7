/// Cells padded so that columns stand under each other.
enum AlignedColumns {
    enum Side { case left, right }

    /// - Parameters:
    ///   - rows: each with as many cells.
    ///   - sides: where each column's cells stand. A last column on the left is not padded.
    static func padded(_ rows: [[String]], _ sides: [Side]) -> [[String]] {
        let widths = sides.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                switch sides[column] {
                case .right: return padding + row[column]
                case .left: return column == row.count - 1 ? row[column] : row[column] + padding
                }
            }
        }
    }
}
