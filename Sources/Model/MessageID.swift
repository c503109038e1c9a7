/// A message's identity, 128 bits and where they come from.
///
/// The bus's own ids, `<year>-<uuid>` in lower case, are held exactly: the uuid's bits, and the
/// year in `form`. Any other text is held as half a SHA-256. Where a message has no id, one is
/// derived from its content (see `Envelope`), and written `derived-<32 hex digits>`.
public struct MessageID: Hashable, Sendable {
    /// 0: hash of another text; 1: derived from the content; 1000...9999: the year of a bus id.
    public var form: UInt16
    /// The first eight bytes, big-endian.
    public var high: UInt64
    /// The last eight bytes, big-endian.
    public var low: UInt64

    public static let hashedForm: UInt16 = 0
    public static let derivedForm: UInt16 = 1

    @inlinable
    public init(form: UInt16, high: UInt64, low: UInt64) {
        self.form = form
        self.high = high
        self.low = low
    }

    /// The id that stands for `text`: a bus id, `derived-...`, or a hash of anything else.
    public init(text: UnsafeRawBufferPointer) {
        if let exact = unsafe MessageID(busID: text) ?? MessageID(derivedText: text) {
            self = exact
        } else {
            let hash = unsafe Checksum.sha256Half(text)
            self.init(form: Self.hashedForm, high: hash.high, low: hash.low)
        }
    }

    /// The id that stands for `text`.
    public init(_ text: String) {
        let bytes = Array(text.utf8)
        self = unsafe bytes.withUnsafeBytes { unsafe MessageID(text: $0) }
    }

    /// The text of an exact id (bus or derived); nil for a hashed one: only the payload has that.
    public var exactText: String? {
        switch form {
        case Self.hashedForm:
            return nil
        case Self.derivedForm:
            return "derived-" + hex(high) + hex(low)
        default:
            var text: [UInt8] = []
            setBusText(&text)
            return String(decoding: text, as: UTF8.self)
        }
    }

    /// Whether the id is one of the bus.
    package var isOfBus: Bool { form > Self.derivedForm }

    /// Makes `text` the text of an id of the bus; one id's text is written over another's.
    package func setBusText(_ text: inout [UInt8]) {
        if text.count != Self.busTextBytes {
            text = Array(repeating: 0, count: Self.busTextBytes)
        }
        unsafe text.withUnsafeMutableBytes { unsafe storeBusText(in: $0) }
    }

    /// `dddd-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
    private static let busTextBytes = 41

    private func storeBusText(in room: UnsafeMutableRawBufferPointer) {
        unsafe UnsafeMutableRawBufferPointer(rebasing: room[..<4]).store(decimal: Int64(form))
        unsafe room.store(hexadecimal: UInt32(high >> 32), at: 5)
        unsafe Self.store(UInt32(truncatingIfNeeded: high), at: 14, 19, in: room)
        unsafe Self.store(UInt32(low >> 32), at: 24, 29, in: room)
        unsafe room.store(hexadecimal: UInt32(truncatingIfNeeded: low), at: 33)
        let dash = UInt8(ascii: "-")
        unsafe room[4] = dash
        unsafe room[13] = dash
        unsafe room[18] = dash
        unsafe room[23] = dash
        unsafe room[28] = dash
    }

    /// Writes four of a word's digits at one place and four at another.
    @inline(__always)
    private static func store(
        _ word: UInt32, at first: Int, _ second: Int, in room: UnsafeMutableRawBufferPointer
    ) {
        let digits = hexadecimalDigits(word)
        let (high, low) = (UInt32(digits >> 32), UInt32(truncatingIfNeeded: digits))
        unsafe room.storeBytes(of: high.bigEndian, toByteOffset: first, as: UInt32.self)
        unsafe room.storeBytes(of: low.bigEndian, toByteOffset: second, as: UInt32.self)
    }

    private func hex(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The year has no leading zero.
    private init?(busID text: UnsafeRawBufferPointer) {
        let dash = UInt8(ascii: "-")
        guard text.count == Self.busTextBytes, unsafe text[4] == dash, unsafe text[13] == dash,
            unsafe text[18] == dash, unsafe text[23] == dash, unsafe text[28] == dash
        else { return nil }
        var year: UInt16 = 0
        for position in 0..<4 {
            let digit = unsafe text[position] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            year = year * 10 + UInt16(digit)
        }
        var words: (high: UInt64, low: UInt64) = (0, 0)
        guard year >= 1000, unsafe Self.addHex(text, 5..<13, to: &words.high),
            unsafe Self.addHex(text, 14..<18, to: &words.high),
            unsafe Self.addHex(text, 19..<23, to: &words.high),
            unsafe Self.addHex(text, 24..<28, to: &words.low),
            unsafe Self.addHex(text, 29..<41, to: &words.low)
        else { return nil }
        self.init(form: year, high: words.high, low: words.low)
    }

    private init?(derivedText text: UnsafeRawBufferPointer) {
        var words: (high: UInt64, low: UInt64) = (0, 0)
        guard text.count == 40, unsafe text.prefix(8).elementsEqual("derived-".utf8),
            unsafe Self.addHex(text, 8..<24, to: &words.high),
            unsafe Self.addHex(text, 24..<40, to: &words.low)
        else { return nil }
        self.init(form: Self.derivedForm, high: words.high, low: words.low)
    }

    /// Shifts lower-case hexadecimal digits into `word`; false where there is another byte.
    @inline(__always)
    private static func addHex(
        _ text: UnsafeRawBufferPointer, _ range: Range<Int>, to word: inout UInt64
    ) -> Bool {
        var valid = true
        for position in range {
            let byte = unsafe text[position]
            let digit = byte &- UInt8(ascii: "0")
            let letter = byte &- UInt8(ascii: "a")
            valid = valid && (digit < 10 || letter < 6)
            word = word << 4 | UInt64(digit < 10 ? digit : letter &+ 10)
        }
        return valid
    }
}
