import Model

/// The key of a row: kind, time chunk, block of groups; big-endian, so that LMDB's order is kind,
/// then time, then group.
package struct RowKey: Hashable, Sendable {
    /// The length of an encoded key.
    static let bytes = 9
    /// Added to a chunk's number, so that chunks before 1970 come first.
    static let chunkBias: Int64 = 1 << 31

    var kind: RowKind
    /// The time chunk, biased, above the block.
    var place: UInt64

    @inline(__always)
    init(kind: RowKind, place: UInt64) {
        self.kind = kind
        self.place = place
    }

    /// - Parameter chunk: the chunk's number from the epoch; any `Timestamp` fits 32 bits.
    @inline(__always)
    init(kind: RowKind, chunk: Int64, block: UInt32) {
        self.kind = kind
        self.place = Self.place(chunk: chunk, block: block)
    }

    /// Nil where the bytes are no row's key.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.bytes, let kind = unsafe RowKind(rawValue: bytes[0]) else {
            return nil
        }
        self.kind = kind
        place = UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
    }

    @inline(__always)
    static func place(chunk: Int64, block: UInt32) -> UInt64 {
        UInt64(UInt32(truncatingIfNeeded: chunk &+ chunkBias)) << 32 | UInt64(block)
    }

    @inline(__always)
    var chunk: Int64 { Int64(place >> 32) - Self.chunkBias }

    @inline(__always)
    var block: UInt32 { UInt32(truncatingIfNeeded: place) }

    /// The key as it stands in LMDB.
    var encoded: [UInt8] {
        var bytes: [UInt8] = [kind.rawValue]
        bytes.reserveCapacity(Self.bytes)
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: place >> shift))
        }
        return bytes
    }

    /// Calls `body` with the encoded key, without the heap.
    @inline(__always)
    func withEncoded<R, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        var words = (
            UInt64(kind.rawValue) | place.byteSwapped << 8, place & 0xFF
        )
        return try unsafe withUnsafeBytes(of: &words) { whole throws(E) in
            try unsafe body(UnsafeRawBufferPointer(rebasing: whole[0..<Self.bytes]))
        }
    }
}
