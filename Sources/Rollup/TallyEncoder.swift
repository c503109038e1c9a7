/// Writes segments: a tally in the smallest of its modes, behind its number and length.
///
/// A function of the content alone: two ways to the same counts give the same bytes.
struct TallyEncoder: ~Copyable {
    private var rest = Scratch<UInt8>(capacity: 1_024)

    /// The bytes ahead of a payload: segment and mode in one, and the longest length.
    private static let headerBytesMax = 1 + Varint.bytesMax

    /// Appends one segment to `row`.
    /// - Parameters:
    ///   - segment: at most 63.
    ///   - keys: ascending, `count` of them, at least one.
    ///   - counts: above zero.
    mutating func encode(
        segment: UInt8, keys: UnsafePointer<UInt64>, counts: UnsafePointer<UInt64>, count: Int,
        into row: inout Scratch<UInt8>
    ) {
        precondition(segment < 64 && count > 0, "a segment has a 6-bit number and content")
        row.reserve(row.count + Self.headerBytesMax + Varint.bytesMax * (2 * count + 2))
        var largest: UInt64 = 0
        for index in 0..<count { unsafe largest = max(largest, counts[index]) }
        let width = largest < 1 << 8 ? 1 : largest < 1 << 16 ? 2 : largest < 1 << 32 ? 4 : 8
        // Where keys lie far apart, no dense form can win; the span must not overflow the product.
        let span = unsafe Int(clamping: keys[count - 1] - keys[0]).addingReportingOverflow(1)
        let comparable = !span.overflow && span.partialValue <= 64 * count
        let denseBytes = comparable ? span.partialValue * width : Int.max
        if comparable && denseBytes * 4 <= count * 5 {
            // A sparse entry takes a byte at least.
            unsafe encodeDense(segment, keys, counts, count, width, into: &row)
            return
        }
        let mark = row.count
        let sparseBytes = unsafe encodeSparse(
            segment, keys, counts, count, allOnes: largest == 1, into: &row)
        if comparable && denseBytes * 4 <= sparseBytes * 5 {
            row.count = mark
            unsafe encodeDense(segment, keys, counts, count, width, into: &row)
        }
    }

    /// Appends the sparse form; returns its payload's length.
    private mutating func encodeSparse(
        _ segment: UInt8, _ keys: UnsafePointer<UInt64>, _ counts: UnsafePointer<UInt64>,
        _ count: Int, allOnes: Bool, into row: inout Scratch<UInt8>
    ) -> Int {
        // Payloads are mostly shorter than 128 bytes: leave one byte for each length, move if not.
        let start = unsafe row.start + row.count
        unsafe start.pointee = segment << 2 | (allOnes ? Tally.ones : Tally.split)
        var place = unsafe start + 2
        var key: UInt64 = 0
        if allOnes {
            for index in 0..<count {
                unsafe Varint.write(keys[index] - key, to: &place)
                key = unsafe keys[index]
            }
            return unsafe finish(start, payloadEnd: place, &row)
        }
        let onesStart = unsafe place + 1
        unsafe place = onesStart
        rest.reserve(2 * Varint.bytesMax * count + 1)
        var other = unsafe rest.start
        var otherKey: UInt64 = 0
        for index in 0..<count {
            // Without a branch between the parts: which one is next cannot be predicted.
            let next = unsafe keys[index]
            let times = unsafe counts[index]
            let isOne = times == 1
            var target = unsafe isOne ? place : other
            unsafe Varint.write(next - (isOne ? key : otherKey), to: &target)
            let more = times &- 2
            if more < 0x80 || isOne {
                // One byte of room is there behind the ones too; it is overwritten.
                unsafe target.pointee = UInt8(truncatingIfNeeded: more)
                unsafe target += isOne ? 0 : 1
            } else {
                unsafe Varint.write(more, to: &target)
            }
            unsafe place = isOne ? target : place
            unsafe other = isOne ? other : target
            key = isOne ? next : key
            otherKey = isOne ? otherKey : next
        }
        let onesBytes = unsafe place - onesStart
        let lengthBytes = unsafe Self.putLength(onesBytes, at: onesStart - 1)
        let restBytes = unsafe other - rest.start
        unsafe place = onesStart - 1 + lengthBytes + onesBytes
        unsafe place.update(from: rest.start, count: restBytes)
        return unsafe finish(start, payloadEnd: place + restBytes, &row)
    }

    /// Puts the payload's length behind the first byte and ends the segment.
    private func finish(
        _ start: UnsafeMutablePointer<UInt8>, payloadEnd: UnsafeMutablePointer<UInt8>,
        _ row: inout Scratch<UInt8>
    ) -> Int {
        let bytes = unsafe payloadEnd - (start + 2)
        let lengthBytes = unsafe Self.putLength(bytes, at: start + 1)
        row.count += 1 + lengthBytes + bytes
        return bytes
    }

    /// Writes `length` at `place`, whose content of that length stands one byte behind `place`, and
    /// moves the content where the length takes more than that byte. Returns the length's bytes.
    private static func putLength(_ length: Int, at place: UnsafeMutablePointer<UInt8>) -> Int {
        let lengthBytes = (70 - (UInt64(length) | 1).leadingZeroBitCount) / 7
        if lengthBytes > 1 {
            unsafe UnsafeMutableRawPointer(place + lengthBytes)
                .copyMemory(from: place + 1, byteCount: length)
        }
        var end = unsafe place
        unsafe Varint.write(UInt64(length), to: &end)
        return lengthBytes
    }

    private func encodeDense(
        _ segment: UInt8, _ keys: UnsafePointer<UInt64>, _ counts: UnsafePointer<UInt64>,
        _ count: Int, _ width: Int, into row: inout Scratch<UInt8>
    ) {
        let first = unsafe keys[0]
        let cells = unsafe Int(keys[count - 1] - first) + 1
        row.reserve(row.count + Self.headerBytesMax + 1 + Varint.bytesMax + cells * width)
        let firstBytes = (70 - (first | 1).leadingZeroBitCount) / 7
        var place = unsafe row.start + row.count
        unsafe place.pointee = segment << 2 | (width == 1 ? Tally.denseBytes : Tally.denseWords)
        unsafe place += 1
        unsafe Varint.write(
            UInt64((width == 1 ? 0 : 1) + firstBytes + cells * width), to: &place)
        if width > 1 {
            unsafe place.pointee = UInt8(width)
            unsafe place += 1
        }
        unsafe Varint.write(first, to: &place)
        unsafe place.update(repeating: 0, count: cells * width)
        for index in 0..<count {
            let cell = unsafe Int(keys[index] - first)
            let times = unsafe counts[index].littleEndian
            unsafe withUnsafeBytes(of: times) { bytes in
                for byte in 0..<width {
                    unsafe place[cell * width + byte] = bytes[byte]
                }
            }
        }
        unsafe row.count = place + cells * width - row.start
    }
}
