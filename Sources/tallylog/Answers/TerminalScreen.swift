import Glibc

/// The terminal on standard output, where there is one.
struct TerminalScreen {
    let columns: Int
    let rows: Int
    let hasColour: Bool

    /// Nil where standard output is a pipe or a file.
    static var current: TerminalScreen? {
        guard isatty(1) == 1 else { return nil }
        var size = winsize()
        let isKnown = ioctl(1, UInt(TIOCGWINSZ), &size) == 0
        return TerminalScreen(
            columns: isKnown && size.ws_col > 0 ? Int(size.ws_col) : 80,
            rows: isKnown && size.ws_row > 0 ? Int(size.ws_row) : 24,
            hasColour: Terminal.variable("NO_COLOR") == nil && Terminal.variable("TERM") != "dumb"
        )
    }

    func print(_ lines: [StyledLine]) {
        Terminal.print(lines: lines.map { $0.text(withColour: hasColour) })
    }

    /// Shows lines in place of what the screen showed, without a flicker between.
    func redraw(_ lines: [StyledLine], isFirst: Bool) {
        let room = rows - 1
        var shown = lines.count > room ? Array(lines.prefix(room - 1)) : lines
        if shown.count < lines.count {
            let more = lines.count - shown.count
            shown.append(StyledLine("\(more) more; ask without --watch to see them", .faint))
        }
        let text = shown.map {
            $0.cut(to: columns - 1).text(withColour: hasColour) + "\u{1B}[K\n"
        }
        let begin = isFirst ? "\u{1B}[2J\u{1B}[H" : "\u{1B}[H"
        Terminal.write(Array((begin + text.joined() + "\u{1B}[J").utf8), to: 1)
    }
}
