/// A line for a terminal: pieces of text, each in a style.
struct StyledLine {
    enum Style: String {
        case plain = ""
        case heading = "1"
        case faint = "2"
        case bars = "36"
    }

    private(set) var pieces: [(text: String, style: Style)]

    /// What would move the cursor or change colours is shown as a question mark: names and
    /// envelopes come from anybody on the bus.
    init(_ text: String, _ style: Style = .plain) {
        let isHarmless = { (scalar: Unicode.Scalar) in
            scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value)
        }
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { shown.append(isHarmless(scalar) ? scalar : "?") }
        pieces = [(String(shown), style)]
    }

    static func + (left: StyledLine, right: StyledLine) -> StyledLine {
        var line = left
        line.pieces += right.pieces
        return line
    }

    /// The first characters, as many as fit.
    func cut(to width: Int) -> StyledLine {
        var line = self
        var left = width
        line.pieces = pieces.map { text, style in
            let kept = text.prefix(left)
            left -= kept.count
            return (String(kept), style)
        }
        return line
    }

    func text(withColour: Bool) -> String {
        pieces.map { text, style in
            guard withColour, style != .plain, !text.isEmpty else { return text }
            return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
        }.joined()
    }
}
