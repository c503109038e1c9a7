import Model

/// Where a listing of messages goes on: behind the message at `time` and `sequence`.
///
/// Written as four hexadecimal words of 16 digits with dashes between.
public struct Cursor: Hashable, Sendable {
    /// The last message that was listed.
    public var time: Timestamp
    public var sequence: UInt64
    /// The last sequence when the listing began: messages behind it stay out of the listing.
    public var began: UInt64
    /// Which listing: a hash of its filters, range, texts and order.
    public var listing: UInt64

    public init(time: Timestamp, sequence: UInt64, began: UInt64, listing: UInt64) {
        self.time = time
        self.sequence = sequence
        self.began = began
        self.listing = listing
    }

    /// The text of a cursor, as replies carry it.
    public var text: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(Cursor.textBytes)
        let words = [UInt64(bitPattern: time.microseconds), sequence, began, listing]
        for (place, word) in words.enumerated() {
            if place > 0 { text.append(UInt8(ascii: "-")) }
            for shift in stride(from: UInt64(60), through: 0, by: -4) {
                text.append(Cursor.digits[Int(word >> shift & 15)])
            }
        }
        return text
    }

    /// Reads a cursor's text; nil where it is none.
    public init?(text: some Collection<UInt8>) {
        guard text.count == Cursor.textBytes else { return nil }
        var words: [UInt64] = [0, 0, 0, 0]
        for (place, byte) in text.enumerated() {
            if place % 17 == 16 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Cursor.digits.firstIndex(of: byte) else { return nil }
            words[place / 17] = words[place / 17] << 4 | UInt64(digit)
        }
        self.init(
            time: Timestamp(microseconds: Int64(bitPattern: words[0])), sequence: words[1],
            began: words[2], listing: words[3])
    }

    private static let textBytes = 4 * 16 + 3
    private static let digits = Array("0123456789abcdef".utf8)
}
