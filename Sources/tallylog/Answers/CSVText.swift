/// A table as comma-separated values, by RFC 4180: a header, and lines that end with CR LF.
enum CSVText {
    static func bytes(of table: AnswerTable, _ labels: TimeLabels) -> [UInt8] {
        var bytes = line(table.titles.map { Array($0.utf8) })
        for row in table.rows {
            bytes += line(row.map { field($0, labels) })
        }
        return bytes
    }

    private static func field(_ cell: AnswerTable.Cell, _ labels: TimeLabels) -> [UInt8] {
        switch cell {
        case .number(let value): Array("\(value)".utf8)
        case .text(let text): Array(text.utf8)
        case .time(let time): Array(labels.exact(time).utf8)
        case .envelope(let bytes): bytes
        }
    }

    private static func line(_ fields: [[UInt8]]) -> [UInt8] {
        Array(fields.map(quotedWhereNeeded).joined(separator: [comma])) + [13, 10]
    }

    private static func quotedWhereNeeded(_ field: [UInt8]) -> [UInt8] {
        let special: Set<UInt8> = [quote, comma, 13, 10]
        guard field.contains(where: special.contains) else { return field }
        return [quote] + field.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
    }

    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")
}
