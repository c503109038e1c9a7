import Model

/// An answer for a pipe or a file: a line for each row and no header, the same wherever it runs;
/// no line where nothing was found.
enum PlainAnswer {
    static func lines(
        _ table: AnswerTable, as shape: AnswerTable.Shape, _ labels: TimeLabels
    ) -> [String] {
        rows(table, as: shape, labels) + table.notes
    }

    private static func rows(
        _ table: AnswerTable, as shape: AnswerTable.Shape, _ labels: TimeLabels
    ) -> [String] {
        let cells = table.rows.map { row in row.map { $0.text(labels.exact) } }
        if cells.isEmpty { return [] }
        switch shape {
        case .series, .ranking:
            let sides = table.titles.indices.map { $0 == 0 ? AlignedColumns.Side.left : .right }
            return joined(AlignedColumns.padded(cells, sides))
        case .seen:
            let pairs = zip(table.titles, cells[0]).map { [$0, $1] }
            return joined(AlignedColumns.padded(pairs, [.left, .right]))
        case .figures:
            return sections(cells)
        case .values, .messages, .latest, .page, .envelope, .gaps, .amounts, .rules:
            return joined(cells)
        }
    }

    private static func joined(_ rows: [[String]]) -> [String] {
        rows.map { $0.joined(separator: "  ") }
    }

    /// INFO's own lines again.
    static func sections(_ rows: [[String]]) -> [String] {
        var section: String?
        return rows.flatMap { row -> [String] in
            let heading = row[0] == section || row[0].isEmpty ? [] : ["# \(row[0])"]
            section = row[0]
            return heading + ["\(row[1]):\(row[2])"]
        }
    }
}
