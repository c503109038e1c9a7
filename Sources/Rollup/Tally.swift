/// A packed, sorted map from a 64-bit key to a count above zero, as it stands in a row.
///
/// | mode | payload |
/// |---|---|
/// | 0 ones | the keys as deltas; every count is 1 |
/// | 1 split | length of the first part; keys of count 1 as deltas; then pairs (delta, count - 2) |
/// | 2 bytes | first key; one byte a key from there on, 0 = absent |
/// | 3 words | width 2, 4 or 8; first key; one little-endian word a key |
///
/// Numbers are LEB128. The first delta of a part is the key itself.
@unsafe
struct Tally {
    static let ones: UInt8 = 0
    static let split: UInt8 = 1
    static let denseBytes: UInt8 = 2
    static let denseWords: UInt8 = 3

    var mode: UInt8
    var payload: UnsafeRawBufferPointer

    /// A dense tally's cells, checked to lie inside the payload.
    @unsafe
    struct Dense {
        var first: UInt64
        var width: Int
        var count: Int
        var cells: UnsafeRawPointer

        @inline(__always)
        func cell(_ index: Int) -> UInt64 {
            switch unsafe width {
            case 1: UInt64(unsafe cells.load(fromByteOffset: index, as: UInt8.self))
            case 2:
                UInt64(
                    UInt16(
                        littleEndian: unsafe cells.loadUnaligned(
                            fromByteOffset: index * 2, as: UInt16.self)))
            case 4:
                UInt64(
                    UInt32(
                        littleEndian: unsafe cells.loadUnaligned(
                            fromByteOffset: index * 4, as: UInt32.self)))
            default:
                UInt64(
                    littleEndian: unsafe cells.loadUnaligned(
                        fromByteOffset: index * 8, as: UInt64.self))
            }
        }
    }

    /// The two sorted parts of a sparse tally.
    @unsafe
    struct Sparse {
        var ones: UnsafeRawBufferPointer
        var rest: UnsafeRawBufferPointer
    }

    /// The cells of modes 2 and 3; nil where the bytes are damaged.
    func dense() -> Dense? {
        guard let base = unsafe payload.baseAddress, unsafe payload.count > 0 else { return nil }
        var width = 1
        var place = unsafe base.assumingMemoryBound(to: UInt8.self)
        let end = unsafe place + payload.count
        if unsafe mode == Self.denseWords {
            width = Int(unsafe place.pointee)
            guard width == 2 || width == 4 || width == 8 else { return nil }
            unsafe place += 1
        }
        guard let first = unsafe Varint.read(&place, end) else { return nil }
        let bytes = unsafe end - place
        guard bytes > 0, bytes % width == 0,
            !first.addingReportingOverflow(UInt64(bytes)).overflow
        else { return nil }
        return unsafe Dense(
            first: first, width: width, count: bytes / width, cells: UnsafeRawPointer(place))
    }

    /// The parts of modes 0 and 1; nil where the bytes are damaged.
    @inline(__always)
    func sparse() -> Sparse? {
        if unsafe mode == Self.ones {
            return unsafe Sparse(ones: payload, rest: UnsafeRawBufferPointer(start: nil, count: 0))
        }
        guard let base = unsafe payload.baseAddress else { return nil }
        var place = unsafe base.assumingMemoryBound(to: UInt8.self)
        let end = unsafe place + payload.count
        guard let length = unsafe Varint.read(&place, end),
            unsafe length <= UInt64(end - place)
        else { return nil }
        return unsafe Sparse(
            ones: UnsafeRawBufferPointer(start: place, count: Int(length)),
            rest: UnsafeRawBufferPointer(
                start: place + Int(length), count: end - place - Int(length)))
    }

    /// Calls `body` with the keys in `range` and their counts; ascending within each part, the ones
    /// first.
    /// - Returns: false where the bytes are damaged; what `body` was given then means nothing.
    @inline(__always)
    func forEach(in range: Range<UInt64>, _ body: (UInt64, UInt64) -> Void) -> Bool {
        guard unsafe mode <= Self.split else {
            guard let dense = unsafe dense() else { return false }
            let low = unsafe max(range.lowerBound, dense.first)
            let high = unsafe min(range.upperBound, dense.first + UInt64(dense.count))
            var key = low
            while key < high {
                let count = unsafe dense.cell(Int(key - dense.first))
                if count != 0 { body(key, count) }
                key += 1
            }
            return true
        }
        guard let parts = unsafe sparse() else { return false }
        return unsafe Self.forEachOne(parts.ones, in: range, body)
            && Self.forEachPair(parts.rest, in: range, body)
    }

    /// Eight bytes at once, where none of them has a top bit: eight numbers below 128.
    @inline(__always)
    private static func eightSmall(
        _ place: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UInt64? {
        guard unsafe end - place >= 8 else { return nil }
        let word = UInt64(
            littleEndian: unsafe UnsafeRawPointer(place).loadUnaligned(as: UInt64.self))
        return word & 0x8080_8080_8080_8080 == 0 ? word : nil
    }

    @inline(__always)
    static func forEachOne(
        _ part: UnsafeRawBufferPointer, in range: Range<UInt64>,
        _ body: (UInt64, UInt64) -> Void
    ) -> Bool {
        guard let base = part.baseAddress else { return true }
        var place = unsafe base.assumingMemoryBound(to: UInt8.self)
        let end = unsafe place + part.count
        var key: UInt64 = 0
        while unsafe place < end {
            if var word = unsafe eightSmall(place, end) {
                unsafe place += 8
                for _ in 0..<8 {
                    key &+= word & 0xFF
                    word >>= 8
                    if key >= range.upperBound { return true }
                    if key >= range.lowerBound { body(key, 1) }
                }
                continue
            }
            guard let delta = unsafe Varint.read(&place, end) else { return false }
            key &+= delta
            if key >= range.upperBound { return true }
            if key >= range.lowerBound { body(key, 1) }
        }
        return true
    }

    @inline(__always)
    static func forEachPair(
        _ part: UnsafeRawBufferPointer, in range: Range<UInt64>,
        _ body: (UInt64, UInt64) -> Void
    ) -> Bool {
        guard let base = part.baseAddress else { return true }
        var place = unsafe base.assumingMemoryBound(to: UInt8.self)
        let end = unsafe place + part.count
        var key: UInt64 = 0
        while unsafe place < end {
            if var word = unsafe eightSmall(place, end) {
                unsafe place += 8
                for _ in 0..<4 {
                    key &+= word & 0xFF
                    let count = word >> 8 & 0xFF
                    word >>= 16
                    if key >= range.upperBound { return true }
                    if key >= range.lowerBound { body(key, count &+ 2) }
                }
                continue
            }
            guard let delta = unsafe Varint.read(&place, end),
                let count = unsafe Varint.read(&place, end)
            else { return false }
            key &+= delta
            if key >= range.upperBound { return true }
            if key >= range.lowerBound { body(key, count &+ 2) }
        }
        return true
    }
}
