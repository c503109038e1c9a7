import Model

/// Integers of a fixed number of bits, back to back, lowest bit first. Each is read with one
/// unaligned 64-bit load, so widths are 0 to 57 bits, or 64; `slackBytes` must follow the data.
enum PackedIntegers {
    /// The narrowest width that holds `maximum`.
    static func width(for maximum: UInt64) -> Int {
        let bits = 64 - maximum.leadingZeroBitCount
        return bits <= 57 ? bits : 64
    }

    static func isWidth(_ bits: Int) -> Bool { (bits >= 0 && bits <= 57) || bits == 64 }

    /// The bytes of `count` integers, without slack.
    @inline(__always)
    static func byteCount(_ count: Int, width: Int) -> Int { (count * width + 7) / 8 }

    /// Appends `count` integers, each below 2 to the `width`, without slack.
    static func append(
        to bytes: inout [UInt8], count: Int, width: Int, _ value: (Int) -> UInt64
    ) {
        guard width > 0 else { return }
        let start = bytes.count
        let length = byteCount(count, width: width)
        bytes.append(contentsOf: repeatElement(0, count: length + ColumnsFormat.slackBytes))
        unsafe bytes.withUnsafeMutableBytes { all in
            var bit = 0
            for index in 0..<count {
                let offset = start + bit >> 3
                let old = unsafe UInt64(
                    littleEndian: all.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                let new = old | value(index) << UInt64(bit & 7)
                unsafe all.storeBytes(
                    of: new.littleEndian, toByteOffset: offset, as: UInt64.self)
                bit += width
            }
        }
        bytes.removeLast(ColumnsFormat.slackBytes)
    }

    @inline(__always)
    static func mask(_ width: Int) -> UInt64 { width == 64 ? ~0 : 1 << UInt64(width) &- 1 }

    /// Integer `index`. The caller has checked that it and the slack lie inside.
    @inline(__always)
    static func value(_ base: UnsafeRawPointer, _ index: Int, width: Int) -> UInt64 {
        let bit = index &* width
        let word = unsafe UInt64(
            littleEndian: base.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self))
        return (word &>> UInt64(bit & 7)) & mask(width)
    }

    /// The sum of some integers. The caller has checked that they and the slack lie inside.
    @inline(__always)
    static func sum(_ base: UnsafeRawPointer, _ range: Range<Int>, width: Int) -> UInt64 {
        let mask = mask(width)
        var sum: UInt64 = 0
        var bit = range.lowerBound &* width
        for _ in 0..<range.count {
            let word = unsafe UInt64(
                littleEndian: base.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self))
            sum &+= (word &>> UInt64(truncatingIfNeeded: bit & 7)) & mask
            bit &+= width
        }
        return sum
    }

    /// Writes origin + scale x integer for each integer. The caller has checked the bounds.
    @inline(__always)
    static func unpack<T: FixedWidthInteger>(
        _ base: UnsafeRawPointer, count: Int, width: Int, scale: UInt64, origin: UInt64,
        into out: UnsafeMutablePointer<T>
    ) {
        if width == 0 {
            unsafe out.update(repeating: T(truncatingIfNeeded: origin), count: count)
            return
        }
        let mask = mask(width)
        var bit = 0
        for index in 0..<count {
            let word = unsafe UInt64(
                littleEndian: base.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self))
            let value = (word &>> UInt64(truncatingIfNeeded: bit & 7)) & mask
            unsafe out[index] = T(truncatingIfNeeded: origin &+ scale &* value)
            bit &+= width
        }
    }

    /// Writes the running sum of step + scale x integer, from `first` on; `count` sums in all.
    @inline(__always)
    static func unpackSums<T: FixedWidthInteger>(
        _ base: UnsafeRawPointer, count: Int, width: Int, scale: UInt64, step: UInt64,
        first: UInt64, into out: UnsafeMutablePointer<T>
    ) {
        guard count > 0 else { return }
        var sum = first
        unsafe out[0] = T(truncatingIfNeeded: sum)
        let mask = mask(width)
        var bit = 0
        for index in 1..<max(1, count) {
            let word = unsafe UInt64(
                littleEndian: base.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self))
            let value = (word &>> UInt64(truncatingIfNeeded: bit & 7)) & mask
            sum = sum &+ step &+ scale &* value
            unsafe out[index] = T(truncatingIfNeeded: sum)
            bit &+= width
        }
    }
}

/// A packed array that says its own count and width; any element is read in place.
///
///     0 u32 count   4 u8 width in bits   5 three zero bytes   8 packed integers, slack
@safe
struct PackedArray: @unchecked Sendable {
    let count: Int
    private let width: Int
    private let base: UnsafeRawPointer

    /// The array at the start of `region`; nil if it does not lie wholly inside.
    init?(_ region: UnsafeRawBufferPointer) {
        guard region.count >= ColumnsFormat.packedHeaderBytes, let start = region.baseAddress
        else { return nil }
        count = unsafe Int(region.integer(at: 0, as: UInt32.self))
        width = unsafe Int(region[4])
        unsafe base = start + ColumnsFormat.packedHeaderBytes
        guard PackedIntegers.isWidth(width), byteCount <= region.count else { return nil }
    }

    /// All bytes, header and slack included.
    var byteCount: Int {
        ColumnsFormat.packedHeaderBytes + PackedIntegers.byteCount(count, width: width)
            + ColumnsFormat.slackBytes
    }

    @inline(__always)
    subscript(index: Int) -> UInt64 {
        precondition(index >= 0 && index < count, "element \(index) of \(count)")
        return unsafe PackedIntegers.value(base, index, width: width)
    }

    /// The bytes that say elements are what they are, but for the header.
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        let start = min(range.lowerBound, count) * width / 8
        let end = (min(range.upperBound, count) * width + 7) / 8
        return unsafe UnsafeRawBufferPointer(start: base + start, count: end - start)
    }

    /// The header.
    var header: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(
            start: base - ColumnsFormat.packedHeaderBytes, count: ColumnsFormat.packedHeaderBytes)
    }

    static func append(to bytes: inout [UInt8], _ values: [UInt32]) {
        let width = PackedIntegers.width(for: UInt64(values.max() ?? 0))
        bytes.append(integer: UInt32(values.count))
        bytes.append(UInt8(width))
        bytes.append(contentsOf: [0, 0, 0])
        PackedIntegers.append(to: &bytes, count: values.count, width: width) {
            UInt64(values[$0])
        }
        bytes.append(contentsOf: repeatElement(0, count: ColumnsFormat.slackBytes))
    }
}
