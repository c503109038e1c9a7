import Model

/// A command typed as a line, cut into words with Redis's quoting.
///
/// `"..."` knows `\n \r \t \b \a \\ \" \xHH`, `'...'` knows `\'`; a closing quote is followed by
/// a space or the line's end. The one word of APPEND is the rest of the line as it is, unless it
/// begins with a quote.
struct InlineCommand {
    private let line: [UInt8]
    private var place = 0

    /// - Parameter line: without its line end.
    /// - Throws: what is wrong with the line; the next one is a request of its own.
    static func split(_ line: [UInt8], into words: inout Words) throws(RequestError) {
        var command = InlineCommand(line: line)
        while command.skipSpaces() {
            let isAppend = words.count >= 1 && words.keyword(0) == "APPEND"
            guard isAppend || line.count <= Limits.inlineBytesMax else {
                throw RequestError(
                    "a line of \(line.count) bytes; accepted: at most \(Limits.inlineBytesMax)")
            }
            guard words.count < Limits.requestWordsMax else {
                throw RequestError(
                    "a line of more than \(Limits.requestWordsMax) words; accepted: at most so many"
                )
            }
            if isAppend, words.count == 1, !command.isAtQuote {
                command.takeRest(into: &words)
            } else {
                try command.takeWord(into: &words)
            }
        }
    }

    private init(line: [UInt8]) { self.line = line }

    private static let unbalanced = RequestError(
        "the line's quotes are not balanced; accepted: a closing quote, and a space or the end "
            + "behind it")

    private var isAtQuote: Bool {
        line[place] == UInt8(ascii: "\"") || line[place] == UInt8(ascii: "'")
    }

    /// Whether a word begins behind the spaces.
    private mutating func skipSpaces() -> Bool {
        while place < line.count, InlineCommand.isSpace(line[place]) { place += 1 }
        return place < line.count
    }

    private mutating func takeRest(into words: inout Words) {
        for byte in line[place...] { words.extend(with: byte) }
        place = line.count
        words.closeWord()
    }

    private mutating func takeWord(into words: inout Words) throws(RequestError) {
        while place < line.count, !InlineCommand.isSpace(line[place]) {
            let byte = line[place]
            place += 1
            guard byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") else {
                words.extend(with: byte)
                continue
            }
            try takeQuoted(until: byte, into: &words)
            guard place == line.count || InlineCommand.isSpace(line[place]) else {
                throw Self.unbalanced
            }
        }
        words.closeWord()
    }

    private mutating func takeQuoted(
        until quote: UInt8, into words: inout Words
    ) throws(RequestError) {
        while place < line.count {
            let byte = line[place]
            place += 1
            if byte == quote { return }
            guard byte == UInt8(ascii: "\\"), place < line.count else {
                words.extend(with: byte)
                continue
            }
            if quote == UInt8(ascii: "\"") {
                words.extend(with: takeEscape())
            } else if line[place] == UInt8(ascii: "'") {
                words.extend(with: line[place])
                place += 1
            } else {
                words.extend(with: byte)
            }
        }
        throw Self.unbalanced
    }

    /// What stands behind a backslash in double quotes; an unknown letter stands for itself.
    private mutating func takeEscape() -> UInt8 {
        let letter = line[place]
        place += 1
        switch letter {
        case UInt8(ascii: "n"): return 10
        case UInt8(ascii: "r"): return 13
        case UInt8(ascii: "t"): return 9
        case UInt8(ascii: "b"): return 8
        case UInt8(ascii: "a"): return 7
        case UInt8(ascii: "x"):
            guard place + 1 < line.count, let high = InlineCommand.hex(line[place]),
                let low = InlineCommand.hex(line[place + 1])
            else { return letter }
            place += 2
            return high << 4 | low
        default: return letter
        }
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - 87
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - 55
        default: nil
        }
    }

    /// Space, tab, and the rest of what C calls space, but for the line feed that ended the line.
    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 32 || (9...13).contains(byte)
    }
}
