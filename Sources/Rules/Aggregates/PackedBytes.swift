import Model

/// Numbers of any size in few bytes: seven bits a byte, low bits first, the top bit says that more
/// follow; negative ones folded between the others.
extension Array where Element == UInt8 {
    mutating func append(packed value: UInt64) { append(packed: UInt128(value)) }

    mutating func append(packed value: UInt128) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func append(packed value: Int128) {
        append(packed: UInt128(bitPattern: value << 1 ^ value >> 127))
    }

    /// A text with its length before it.
    mutating func append(packed text: some Collection<UInt8>) {
        append(packed: UInt64(text.count))
        append(contentsOf: text)
    }
}

/// What was packed is not there whole.
package struct PackedDamage: Error, Sendable {}

/// Reads packed bytes from left to right. Valid only as long as the bytes.
@unsafe
struct PackedReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var place = 0

    init(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes = unsafe bytes }

    var isAtEnd: Bool { unsafe place == bytes.count }

    mutating func byte() throws(PackedDamage) -> UInt8 {
        guard unsafe place < bytes.count else { throw PackedDamage() }
        defer { unsafe place += 1 }
        return unsafe bytes[place]
    }

    mutating func number() throws(PackedDamage) -> UInt64 {
        let first = unsafe try byte()
        if first < 0x80 { return UInt64(first) }
        unsafe place -= 1
        guard let value = UInt64(exactly: unsafe try wide()) else { throw PackedDamage() }
        return value
    }

    mutating func wide() throws(PackedDamage) -> UInt128 {
        var value: UInt128 = 0
        for shift in stride(from: 0, to: 128, by: 7) {
            let byte = unsafe try byte()
            value |= UInt128(byte & 0x7F) << UInt128(shift)
            if byte < 0x80 { return value }
        }
        throw PackedDamage()
    }

    mutating func signed() throws(PackedDamage) -> Int128 {
        let folded = unsafe try wide()
        return Int128(bitPattern: folded >> 1) ^ -Int128(bitPattern: folded & 1)
    }

    mutating func count(atMost most: Int) throws(PackedDamage) -> Int {
        let count = unsafe try number()
        guard count <= UInt64(most) else { throw PackedDamage() }
        return Int(count)
    }

    mutating func text(atMost most: Int) throws(PackedDamage) -> [UInt8] {
        let length = unsafe try count(atMost: most)
        return unsafe Array(try raw(length))
    }

    mutating func raw(_ length: Int) throws(PackedDamage) -> UnsafeRawBufferPointer {
        guard unsafe length <= bytes.count - place else { throw PackedDamage() }
        defer { unsafe place += length }
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[place..<place + length])
    }
}
