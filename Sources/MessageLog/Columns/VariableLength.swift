/// Unsigned integers of seven bits a byte, lowest first; the high bit says that another follows.
enum VariableLength {
    @inline(__always)
    static func append(_ value: UInt32, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// The integer at `offset`, which moves behind it; nil if it does not end inside, or is wider
    /// than 32 bits.
    @inline(__always)
    static func read(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) -> UInt32? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.count && shift < 35 {
            let byte = unsafe bytes[offset]
            offset &+= 1
            value |= UInt64(byte & 0x7f) &<< shift
            if byte < 0x80 { return UInt32(exactly: value) }
            shift &+= 7
        }
        return nil
    }
}
