import Model

/// An answer for people: a table with a header, local times, and a series' course as bars.
struct TerminalAnswer {
    let table: AnswerTable
    let shape: AnswerTable.Shape
    let labels: TimeLabels

    var lines: [StyledLine] {
        if table.rows.isEmpty {
            if case .page = shape { return [] }
            return [StyledLine("nothing found", .faint)]
        }
        let cells = table.rows.map { row in row.map { $0.text(labels.local) } }
        switch shape {
        case .values, .envelope:
            return cells.map { StyledLine($0[0]) }
        case .figures:
            return PlainAnswer.sections(cells).map {
                StyledLine($0, $0.hasPrefix("# ") ? .heading : .plain)
            }
        case .seen:
            return AlignedColumns.padded(
                zip(table.titles, cells[0]).map { [$0, $1] }, [.left, .left]
            ).map { StyledLine("\($0[0])  ", .heading) + StyledLine($0[1]) }
        case .series, .ranking, .messages, .latest, .page, .gaps, .amounts, .rules:
            return Self.table(table.titles, cells, sides)
        }
    }

    /// A header and rows below it.
    static func table(
        _ titles: [String], _ cells: [[String]], _ sides: [AlignedColumns.Side]
    ) -> [StyledLine] {
        let lines = AlignedColumns.padded([titles] + cells, sides)
            .map { $0.joined(separator: "  ") }
        return [StyledLine(lines[0], .heading)] + lines.dropFirst().map { StyledLine($0) }
    }

    /// Numbers stand on the right.
    private var sides: [AlignedColumns.Side] {
        (table.rows.first ?? []).map { if case .number = $0 { .right } else { .left } }
    }
}
