/// The eight lower-case hexadecimal digits of a word; the highest byte has the first one.
@inline(__always)
package func hexadecimalDigits(_ word: UInt32) -> UInt64 {
    // Every nibble into a byte of its own, then all eight bytes made digits at once: those
    // from ten on carry into their fifth bit when six is added, and lie 39 further.
    var nibbles = UInt64(word)
    nibbles = (nibbles | nibbles << 16) & 0x0000_ffff_0000_ffff
    nibbles = (nibbles | nibbles << 8) & 0x00ff_00ff_00ff_00ff
    nibbles = (nibbles | nibbles << 4) & 0x0f0f_0f0f_0f0f_0f0f
    let letters = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 39
}

/// How many decimal digits a number has that is not negative.
@inline(__always)
package func decimalDigits(_ value: Int64) -> Int {
    var digits = 1
    var bound: Int64 = 10
    while digits < 19, value >= bound {
        digits &+= 1
        bound = bound &* 10
    }
    return digits
}

extension UnsafeMutableRawBufferPointer {
    /// Writes the eight lower-case hexadecimal digits of `word`, the highest first.
    @inline(__always)
    package func store(hexadecimal word: UInt32, at offset: Int) {
        let digits = hexadecimalDigits(word)
        unsafe storeBytes(of: digits.bigEndian, toByteOffset: offset, as: UInt64.self)
    }

    /// Fills all of it with the last decimal digits of a number that is not negative.
    @inline(__always)
    package func store(decimal value: Int64) {
        var rest = UInt64(value)
        var end = count
        // Two at a time, for the divisions are what it takes.
        while end >= 2 {
            end &-= 2
            let pair = UInt16(truncatingIfNeeded: rest % 100)
            let digits = pair / 10 | (pair % 10) << 8 | 0x3030
            unsafe storeBytes(of: digits.littleEndian, toByteOffset: end, as: UInt16.self)
            rest /= 100
        }
        if end > 0 { unsafe self[0] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10) }
    }

    /// Writes two lower-case hexadecimal digits for each byte, and zeros up to a multiple of eight
    /// digits, for which there must be room.
    @inline(__always)
    package func store(hexadecimal bytes: UnsafeRawBufferPointer) {
        var place = 0
        while place + 4 <= bytes.count {
            let word = unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
            unsafe store(hexadecimal: UInt32(bigEndian: word), at: 2 * place)
            place += 4
        }
        guard place < bytes.count else { return }
        var word: UInt32 = 0
        for rest in place..<bytes.count {
            word |= unsafe UInt32(bytes[rest]) << UInt32(24 - rest % 4 * 8)
        }
        unsafe store(hexadecimal: word, at: 2 * place)
    }
}

extension [UInt8] {
    /// Appends a number that is not negative.
    package mutating func append(decimal value: Int64) {
        unsafe append(count: decimalDigits(value)) { unsafe $0.store(decimal: value) }
    }

    /// Appends so many bytes, all of which `write` sets.
    @inline(__always)
    mutating func append(count: Int, _ write: (UnsafeMutableRawBufferPointer) -> Void) {
        append(addingCapacity: count) { span in
            unsafe span.withUnsafeMutableBufferPointer { room, filled in
                unsafe write(UnsafeMutableRawBufferPointer(room))
                filled = count
            }
        }
    }
}
