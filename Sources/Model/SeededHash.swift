/// 64-bit hashes by multiply and fold. The seed keeps strangers from aiming at one slot; no id, and
/// nothing that is stored, depends on it where it is the process's own.
package enum SeededHash {
    /// Drawn once per process.
    package static let processSeed = UInt64.random(in: .min ... .max)

    @usableFromInline static let first: UInt64 = 0xa076_1d64_78bd_642f
    @usableFromInline static let second: UInt64 = 0xe703_7ed1_a0b4_28db

    @inlinable
    @inline(__always)
    static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    /// The hash of two words.
    @inlinable
    @inline(__always)
    package static func hash(_ high: UInt64, _ low: UInt64, seed: UInt64) -> UInt64 {
        let mixed = fold(high ^ seed ^ first, low ^ (seed &* second | 1))
        return fold(mixed ^ second, seed ^ first)
    }

    /// The hash of a text of any length.
    @inlinable
    @inline(__always)
    package static func hash(_ text: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        let count = text.count
        var state = seed ^ first
        guard let base = text.baseAddress, count > 0 else { return fold(state, second) }
        var offset = 0
        while count &- offset > 16 {
            let words = unsafe (
                (base + offset).loadUnaligned(as: UInt64.self),
                (base + offset + 8).loadUnaligned(as: UInt64.self)
            )
            state = fold(words.0 ^ second, words.1 ^ state)
            offset &+= 16
        }
        let rest = unsafe tail(base + offset, count &- offset)
        state = fold(rest.0 ^ second, rest.1 ^ state)
        return fold(state ^ UInt64(count), first)
    }

    /// The last 1 to 16 bytes as two words. Overlapping loads instead of a loop over the bytes.
    @inlinable
    @inline(__always)
    static func tail(_ base: UnsafeRawPointer, _ count: Int) -> (UInt64, UInt64) {
        if count >= 8 {
            return unsafe (
                base.loadUnaligned(as: UInt64.self),
                (base + (count &- 8)).loadUnaligned(as: UInt64.self)
            )
        }
        if count >= 4 {
            return unsafe (
                UInt64(base.loadUnaligned(as: UInt32.self)),
                UInt64((base + (count &- 4)).loadUnaligned(as: UInt32.self))
            )
        }
        let ends = unsafe (
            UInt64(base.load(as: UInt8.self)),
            UInt64((base + (count &- 1)).load(as: UInt8.self))
        )
        return unsafe (ends.0 << 8 | ends.1, UInt64((base + (count >> 1)).load(as: UInt8.self)))
    }
}
