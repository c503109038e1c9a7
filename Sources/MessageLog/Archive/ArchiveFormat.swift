import Model

/// The shape of an archive, version 1. FORMAT.md describes it in full.
enum ArchiveFormat {
    /// Version 0, which was never frozen, has the same bytes otherwise.
    static let version: UInt32 = 1
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

        /// The bytes that `plainBytes` looks at.
        static let stepBytes = 16

        /// How many of the first of 16 bytes stand for themselves, in the order of memory.
        @inline(__always)
        static func plainBytes(_ low: UInt64, _ high: UInt64) -> Int {
            let (lowBelow, highBelow) = (below(low), below(high))
            if lowBelow | highBelow == 0 { return stepBytes }
            return lowBelow != 0
                ? lowBelow.trailingZeroBitCount / 8 : 8 + highBelow.trailingZeroBitCount / 8
        }

        /// The highest bit of each byte below `first`; above the lowest of those, of others too.
        @inline(__always)
        private static func below(_ word: UInt64) -> UInt64 {
            // A byte below 8 borrows from its highest bit, which it lacks itself.
            (word &- 0x0808_0808_0808_0808) & ~word & 0x8080_8080_8080_8080
        }
    }
}
