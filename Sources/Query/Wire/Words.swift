/// The words of one request, back to back in one buffer that is used again for the next.
package struct Words: Sendable {
    private var bytes: [UInt8] = []
    /// Where each word ends in `bytes`; it begins where the one before ends.
    private var ends: [Int] = []

    package init() {}

    /// Words from elsewhere: a command line, a test.
    package init(_ words: [[UInt8]]) {
        for word in words {
            bytes.append(contentsOf: word)
            closeWord()
        }
    }

    /// The number of closed words.
    package var count: Int { ends.count }

    /// The bytes of all words, the open one among them.
    package var byteCount: Int { bytes.count }

    package subscript(place: Int) -> ArraySlice<UInt8> {
        bytes[(place == 0 ? 0 : ends[place - 1])..<ends[place]]
    }

    /// The words behind the first.
    package func dropFirst() -> Words { Words((1..<count).map { Array(self[$0]) }) }

    /// The word in capitals, to be compared with a command's or an option's; empty where it is
    /// longer than any of them. At most 15 bytes, which Swift keeps in the string itself: no
    /// memory is allocated.
    package func keyword(_ place: Int) -> String {
        let start = place == 0 ? 0 : ends[place - 1]
        let length = ends[place] - start
        guard length <= 15 else { return "" }
        return unsafe String(unsafeUninitializedCapacity: 15) { text in
            for offset in 0..<length {
                let byte = bytes[start + offset]
                let isLower = byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
                unsafe text[offset] = isLower ? byte & 0xDF : byte
            }
            return length
        }
    }

    /// Forgets the words. Keeps the memory, unless a long word has made it large.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: bytes.capacity <= Words.keptBytesMax)
        ends.removeAll(keepingCapacity: ends.capacity <= Words.keptBytesMax / 8)
    }

    /// Lengthens the open word.
    package mutating func extend(with more: UnsafeRawBufferPointer) {
        unsafe bytes.append(contentsOf: more)
    }

    /// Lengthens the open word by one byte.
    package mutating func extend(with byte: UInt8) { bytes.append(byte) }

    /// Ends the open word; the next byte begins another.
    package mutating func closeWord() { ends.append(bytes.count) }

    /// Idle connections hold no more than this.
    private static let keptBytesMax = 64 << 10
}
