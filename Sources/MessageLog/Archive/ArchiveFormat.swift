import Model

/// The shape of an archive, version 0. FORMAT.md describes it in full.
enum ArchiveFormat {
    static let version: UInt32 = 0
    /// "TLYARCHV", read as a little-endian word.
    static let magic: UInt64 = 0x5648_4352_4159_4c54
    /// "TLYAEND.", read as a little-endian word.
    static let endMagic: UInt64 = 0x2e44_4e45_4159_4c54
    static let headerBytes = 64
    static let trailerBytes = 64
    /// A block is closed before its text would pass this size, unless one message alone does.
    static let blockTextBytes = 8 << 10
    /// No block's text is longer: one payload of which every byte is escaped, and its end.
    static let blockTextBytesMax = 2 * Limits.payloadBytesMax + 1

    /// The bytes in a block's text that stand for something else. JSON has none of them.
    enum Marker {
        /// The end of a message.
        static let end: UInt8 = 0
        /// The message's topic.
        static let topic: UInt8 = 1
        /// The message's time; the number of decimals follows, as a digit.
        static let time: UInt8 = 2
        /// The message's id.
        static let id: UInt8 = 3
        /// Hexadecimal digits; half their number follows, 8 to 255. They stand behind the frame.
        static let digits: UInt8 = 4
        /// A byte below `first`, which follows with `escapeBit` added.
        static let escape: UInt8 = 6
        /// Bytes from here on stand for themselves.
        static let first: UInt8 = 8
        static let escapeBit: UInt8 = 0x40
    }
}

/// What the columns know of a message and its payload says too.
struct KnownValues {
    /// Empty where the record has none.
    var topic: [UInt8] = []
    /// Microseconds.
    var time: Int64 = 0
    /// The text of the message's id; empty where only its hash is known.
    private(set) var id: [UInt8] = []

    mutating func setTopic(_ text: UnsafeRawBufferPointer) {
        topic.removeAll(keepingCapacity: true)
        unsafe topic.append(contentsOf: text)
    }

    mutating func setID(_ id: MessageID) {
        guard id.form >= 1_000 else {
            self.id.removeAll(keepingCapacity: true)
            return
        }
        var text = self.id
        text.removeAll(keepingCapacity: true)
        text.append(decimal: Int64(id.form))
        for (word, shifts) in [
            (id.high, (32, 64)), (id.high, (16, 32)), (id.high, (0, 16)), (id.low, (48, 64)),
            (id.low, (0, 48)),
        ] {
            text.append(UInt8(ascii: "-"))
            for shift in stride(from: shifts.1 - 4, through: shifts.0, by: -4) {
                text.append(hexadecimalDigit(UInt8(truncatingIfNeeded: word >> UInt64(shift)) & 15))
            }
        }
        self.id = text
    }

    /// The time in seconds with so many decimals, 0 to 6; nil where that is not all of it.
    func timeText(decimals: Int) -> [UInt8]? {
        guard time >= 0 else { return nil }
        let fraction = time % 1_000_000
        var text: [UInt8] = []
        text.reserveCapacity(24)
        text.append(decimal: time / 1_000_000)
        guard decimals > 0 else { return fraction == 0 ? text : nil }
        var unit: Int64 = 100_000
        text.append(UInt8(ascii: "."))
        for _ in 0..<decimals {
            text.append(UInt8(ascii: "0") + UInt8(fraction / unit % 10))
            unit /= 10
        }
        return unit == 0 || fraction % (unit * 10) == 0 ? text : nil
    }
}

/// - Parameter value: 0 to 15.
@inline(__always)
func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}

extension [UInt8] {
    /// Appends a number that is not negative.
    fileprivate mutating func append(decimal value: Int64) {
        let start = count
        var rest = value
        repeat {
            append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        self[start...].reverse()
    }
}
