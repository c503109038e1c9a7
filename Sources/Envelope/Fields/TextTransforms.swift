import Model

/// The transforms that find parts of a text: each result is a range of the text's bytes.
enum TextTransforms {
    /// A part of a text, and from where to look for the next.
    typealias Found = (word: Range<Int>, end: Int)

    /// Whether a text may have several parts of that kind.
    static func isList(_ kind: Transform.Kind) -> Bool {
        kind == .words || kind == .list || kind == .mentions
    }

    /// The next part at or after `position`; nil if there is none.
    static func next(
        _ kind: Transform.Kind, in text: UnsafeRawBufferPointer, from position: Int
    ) -> Found? {
        switch kind {
        case .words: return unsafe nextWord(text, from: position)
        case .list: return unsafe nextListed(text, from: position)
        default: return unsafe nextMention(text, from: position)
        }
    }

    /// The one part that a transform leaves of a text; nil for none.
    static func single(
        _ transform: CompiledTransform, _ text: UnsafeRawBufferPointer
    ) -> Range<Int>? {
        switch transform.kind {
        case .trim: return unsafe trimmed(text, of: transform.texts.first)
        case .nvr: return unsafe packageName(text)
        case .mail: return unsafe address(text)
        case .label: return unsafe label(text)
        case .basename:
            return (unsafe text.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1..<text.count
        case .before:
            return 0..<(unsafe text.firstOffset(of: transform.texts[0]) ?? text.count)
        case .after:
            guard let at = unsafe text.firstOffset(of: transform.texts[0]) else {
                return 0..<text.count
            }
            return unsafe at + transform.texts[0].count..<text.count
        case .drop: return unsafe dropped(transform.numbers[0], text)
        case .token: return unsafe tokens(text, transform.numbers[0], nil, isOne: true)
        case .tokens:
            let last = unsafe transform.numbers.count > 1 ? transform.numbers[1] : nil
            return unsafe tokens(text, transform.numbers[0], last, isOne: false)
        case .not, .only:
            let isOne = unsafe transform.texts.contains { unsafe matches(text, $0) }
            return isOne == (transform.kind == .only) ? 0..<text.count : nil
        default: return 0..<text.count
        }
    }

    /// Whether a text equals a pattern, whose first or last character may be a `*` for anything.
    private static func matches(
        _ text: UnsafeRawBufferPointer, _ pattern: UnsafeRawBufferPointer
    ) -> Bool {
        let star = UInt8(ascii: "*")
        if unsafe pattern.first == star { return unsafe text.hasSuffix(pattern.dropFirst()) }
        if unsafe pattern.last == star { return unsafe text.starts(with: pattern.dropLast()) }
        return unsafe bytesEqual(text, pattern)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte <= UInt8(ascii: " ") }

    private static func trimmed(
        _ text: UnsafeRawBufferPointer, of characters: UnsafeRawBufferPointer?
    ) -> Range<Int> {
        let goes = { (byte: UInt8) in
            unsafe characters.map { unsafe $0.contains(byte) } ?? isSpace(byte)
        }
        var start = 0
        var end = text.count
        while start < end, unsafe goes(text[start]) { start += 1 }
        while end > start, unsafe goes(text[end - 1]) { end -= 1 }
        return start..<end
    }

    /// What precedes the last but one dash: the name in name-version-release.
    private static func packageName(_ text: UnsafeRawBufferPointer) -> Range<Int> {
        var dashes = 0
        var end = text.count
        for position in (0..<text.count).reversed() where unsafe text[position] == 0x2d {
            end = position
            dashes += 1
            if dashes == 2 { break }
        }
        return 0..<end
    }

    /// The address in a header: between angle brackets, or the first word.
    private static func address(_ text: UnsafeRawBufferPointer) -> Range<Int>? {
        if let open = unsafe text.lastIndex(of: UInt8(ascii: "<")) {
            let rest = unsafe text[(open + 1)...]
            return open + 1..<(unsafe rest.firstIndex(of: UInt8(ascii: ">")) ?? text.count)
        }
        return unsafe nextWord(text, from: 0)?.word
    }

    private static let schemeEnd = Array("://".utf8)

    /// The first label of a host, with or without a scheme before it.
    private static func label(_ text: UnsafeRawBufferPointer) -> Range<Int> {
        var start = 0
        if let scheme = unsafe text.firstOffset(of: schemeEnd) { start = scheme + 3 }
        var end = start
        while end < text.count, unsafe text[end] != UInt8(ascii: "."),
            unsafe text[end] != UInt8(ascii: "/")
        {
            end += 1
        }
        return start..<end
    }

    /// A text without its first characters.
    private static func dropped(_ count: Int, _ text: UnsafeRawBufferPointer) -> Range<Int> {
        var left = count
        var at = 0
        while at < text.count {
            // A byte that goes on with a character is not the beginning of the next.
            if unsafe text[at] & 0xc0 != 0x80 {
                if left == 0 { break }
                left -= 1
            }
            at += 1
        }
        return at..<text.count
    }

    /// The tokens between dots from `first` to before `last`, both counted as Python does.
    private static func tokens(
        _ text: UnsafeRawBufferPointer, _ first: Int, _ last: Int?, isOne: Bool
    ) -> Range<Int>? {
        var count = 1
        count += unsafe text.count { $0 == UInt8(ascii: ".") }
        let from = first < 0 ? count + first : first
        var to = isOne ? from + 1 : count
        if let last { to = min(count, last < 0 ? count + last : last) }
        guard from >= 0, from < to, to <= count else { return nil }
        var token = 0
        var start = 0
        for at in 0..<text.count where unsafe text[at] == UInt8(ascii: ".") {
            token += 1
            if token == from { start = at + 1 }
            if token == to { return start..<at }
        }
        return start..<text.count
    }

    private static func nextWord(_ text: UnsafeRawBufferPointer, from position: Int) -> Found? {
        let separates = { (byte: UInt8) in byte == UInt8(ascii: ",") || isSpace(byte) }
        var start = position
        while start < text.count, unsafe separates(text[start]) { start += 1 }
        guard start < text.count else { return nil }
        var end = start
        while end < text.count, unsafe !separates(text[end]) { end += 1 }
        return (start..<end, end)
    }

    private static func nextListed(_ text: UnsafeRawBufferPointer, from position: Int) -> Found? {
        guard position < text.count else { return nil }
        let rest = unsafe text[position...]
        let end = unsafe rest.firstIndex(of: UInt8(ascii: ",")) ?? text.count
        let part = unsafe UnsafeRawBufferPointer(rebasing: text[position..<end])
        let inside = unsafe trimmed(part, of: nil)
        return (position + inside.lowerBound..<position + inside.upperBound, end + 1)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    private static func nextMention(_ text: UnsafeRawBufferPointer, from position: Int) -> Found? {
        var at = position
        while at < text.count {
            defer { at += 1 }
            guard unsafe text[at] == UInt8(ascii: "@") else { continue }
            if at > 0, unsafe isWord(text[at - 1]) { continue }
            var end = at + 1
            while end < text.count, unsafe isWord(text[end]) { end += 1 }
            if end > at + 1 { return (at + 1..<end, end) }
        }
        return nil
    }
}

extension UnsafeRawBufferPointer {
    func hasSuffix(_ text: some Collection<UInt8>) -> Bool {
        unsafe suffix(text.count).elementsEqual(text)
    }
}
