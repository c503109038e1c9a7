/// The transforms that find names inside a text: each name is a part of the text's bytes.
enum NameText {
    /// A name in a text, and from where to look for the next.
    typealias Found = (word: Range<Int>, end: Int)

    /// The next name at or after `position`; nil if there is none.
    static func next(
        _ transform: NameTransform, in text: UnsafeRawBufferPointer, from position: Int
    ) -> Found? {
        switch transform {
        case .nvrs:
            return unsafe nextListed(text, from: position)
        case .mentions:
            return unsafe nextMention(text, from: position)
        default:
            // One text, one name.
            guard position == 0, text.count > 0 else { return nil }
            guard let word = unsafe single(transform, text) else { return nil }
            return (word, text.count)
        }
    }

    private static func single(
        _ transform: NameTransform, _ text: UnsafeRawBufferPointer
    ) -> Range<Int>? {
        switch transform {
        case .nvr: return unsafe packageName(text, 0..<text.count)
        case .account: return unsafe account(text)
        case .person: return unsafe text.starts(with: "github_org_".utf8) ? nil : 0..<text.count
        case .topicMiddle: return unsafe topicMiddle(text)
        case .asIs, .lowercase, .nvrs, .mentions: return 0..<text.count
        }
    }

    /// What precedes the last but one dash: the name in name-version-release.
    private static func packageName(
        _ text: UnsafeRawBufferPointer, _ range: Range<Int>
    ) -> Range<Int> {
        var dashes = 0
        var end = range.upperBound
        for position in range.reversed() where unsafe text[position] == UInt8(ascii: "-") {
            end = position
            dashes += 1
            if dashes == 2 { break }
        }
        return range.lowerBound..<end
    }

    private static func nextListed(_ text: UnsafeRawBufferPointer, from position: Int) -> Found? {
        let separates = { (byte: UInt8) in byte == UInt8(ascii: ",") || byte <= UInt8(ascii: " ") }
        var start = position
        while start < text.count, unsafe separates(text[start]) { start += 1 }
        guard start < text.count else { return nil }
        var end = start
        while end < text.count, unsafe !separates(text[end]) { end += 1 }
        return unsafe (packageName(text, start..<end), end)
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

    /// `name@fedoraproject.org` and `http://name.id.fedoraproject.org/` are `name`; another address
    /// is no account; anything else is one as it is.
    private static func account(_ text: UnsafeRawBufferPointer) -> Range<Int>? {
        let ends = { (suffix: String) in
            unsafe text.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
        }
        for (prefix, suffix) in [
            ("", "@fedoraproject.org"), ("http://", ".id.fedoraproject.org/"),
            ("https://", ".id.fedoraproject.org/"), ("http://", ".id.fedoraproject.org"),
            ("https://", ".id.fedoraproject.org"), ("", ".id.fedoraproject.org"),
        ] {
            let start = prefix.utf8.count
            let end = text.count - suffix.utf8.count
            if start < end, ends(suffix), unsafe text.starts(with: prefix.utf8) {
                return start..<end
            }
        }
        return unsafe text.contains(UInt8(ascii: "@")) ? nil : 0..<text.count
    }

    /// The tokens from the sixth to the last but one, with the dots between them.
    private static func topicMiddle(_ text: UnsafeRawBufferPointer) -> Range<Int>? {
        var dots = 0
        var start = 0
        var end = 0
        for position in 0..<text.count where unsafe text[position] == UInt8(ascii: ".") {
            dots += 1
            if dots == 5 { start = position + 1 }
            end = position
        }
        return dots >= 6 && start < end ? start..<end : nil
    }
}
