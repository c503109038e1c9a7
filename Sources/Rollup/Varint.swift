/// LEB128: seven bits a byte, low bits first, the top bit says that more follow.
enum Varint {
    /// The most bytes of one 64-bit value.
    static let bytesMax = 10

    /// Writes `value` at `place` and moves `place` behind it; room for `bytesMax` must be there.
    @inline(__always)
    static func write(_ value: UInt64, to place: inout UnsafeMutablePointer<UInt8>) {
        var rest = value
        while rest >= 0x80 {
            unsafe place.pointee = UInt8(truncatingIfNeeded: rest) | 0x80
            unsafe place += 1
            rest >>= 7
        }
        unsafe place.pointee = UInt8(truncatingIfNeeded: rest)
        unsafe place += 1
    }

    /// Reads the value at `place` and moves behind it; nil where it does not end before `end` or
    /// does not fit 64 bits.
    @inline(__always)
    static func read(
        _ place: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UInt64? {
        guard unsafe place < end else { return nil }
        let first = unsafe place.pointee
        if first < 0x80 {
            unsafe place += 1
            return UInt64(first)
        }
        return unsafe readLong(&place, end)
    }

    @inline(never)
    private static func readLong(
        _ place: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while unsafe place < end {
            let byte = unsafe place.pointee
            unsafe place += 1
            if shift == 63 && byte > 1 { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
            if shift > 63 { return nil }
        }
        return nil
    }
}
