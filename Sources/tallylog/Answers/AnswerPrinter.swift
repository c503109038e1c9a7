import Query

/// Writes answers to a question as the options and the output want them.
struct AnswerPrinter {
    let question: AskedQuestion
    let shape: AnswerTable.Shape
    let options: OutputOptions

    private var labels: TimeLabels { TimeLabels(zone: question.zone) }

    func print(_ reply: Reply) {
        if options.json {
            let text = ReplyJSON.text(of: reply, as: shape, withSequence: question.withSequence)
            return Terminal.print(lines: [text])
        }
        let table = AnswerTable(reply, as: shape, of: question)
        if options.csv {
            Terminal.write(CSVText.bytes(of: table, labels), to: 1)
            // Rows alone belong into the file.
            return table.notes.forEach(Terminal.complain)
        }
        guard let screen = TerminalScreen.current else {
            let lines = PlainAnswer.lines(table, as: shape, labels)
            // A pipe gets rows or nothing; who looks on is told.
            if table.rows.isEmpty && table.notes.isEmpty { Terminal.complain("nothing found") }
            return lines.isEmpty ? () : Terminal.print(lines: lines)
        }
        screen.print(lines(table, for: screen))
    }

    /// Prints an answer that replaces the one before on a terminal, and follows it elsewhere.
    func printAgain(_ reply: Reply, isFirst: Bool) {
        if let screen = TerminalScreen.current, !options.json, !options.csv {
            let table = AnswerTable(reply, as: shape, of: question)
            return screen.redraw(lines(table, for: screen), isFirst: isFirst)
        }
        if !isFirst { Terminal.print(lines: [""]) }
        print(reply)
    }

    private func lines(_ table: AnswerTable, for screen: TerminalScreen) -> [StyledLine] {
        let answer =
            if !table.rows.isEmpty, let answer = table.series, let asked = question.series {
                TerminalSeries(
                    answer: answer, question: asked, labels: labels, width: screen.columns - 1
                ).lines
            } else {
                TerminalAnswer(table: table, shape: shape, labels: labels).lines
            }
        return answer + table.notes.map { StyledLine($0, .faint) }
    }
}
