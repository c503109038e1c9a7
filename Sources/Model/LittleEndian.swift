/// Fixed-width integers in little-endian order at any offset: every format of Tallylog uses these.
extension UnsafeRawBufferPointer {
    /// Reads an integer at `offset`, which must lie wholly inside.
    @inlinable
    @inline(__always)
    package func integer<T: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int, as type: T.Type = T.self
    ) -> T {
        precondition(
            offset >= 0 && offset &+ MemoryLayout<T>.size <= count, "a read past the bytes' end")
        return T(littleEndian: unsafe loadUnaligned(fromByteOffset: offset, as: T.self))
    }
}

extension Array where Element == UInt8 {
    /// Appends an integer in little-endian order.
    @inlinable
    package mutating func append<T: FixedWidthInteger & BitwiseCopyable>(integer value: T) {
        unsafe Swift.withUnsafeBytes(of: value.littleEndian) { unsafe append(contentsOf: $0) }
    }
}
