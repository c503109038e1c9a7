/// One segment of a row.
@unsafe
struct Segment {
    /// Its number in the row: a group of the block or a bucket of the chunk, by the kind's shape.
    var number: UInt8
    var tally: Tally
    /// All of its bytes, to be copied as they are.
    var whole: UnsafeRawBufferPointer
}

/// Walks the segments of a row.
@unsafe
struct RowCursor {
    private var place: UnsafePointer<UInt8>?
    private var end: UnsafePointer<UInt8>?
    /// The number that the next segment must reach.
    private var least: UInt8 = 0
    /// The bytes are no row; the walk ended there.
    private(set) var damaged = false

    init(_ row: UnsafeRawBufferPointer) {
        unsafe place = row.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe end = place.map { unsafe $0 + row.count }
    }

    /// The next segment, in ascending order; nil at the end.
    @inline(__always)
    mutating func next() -> Segment? {
        guard let start = unsafe place, let end = unsafe end, unsafe start < end else {
            return nil
        }
        let head = unsafe start.pointee
        var payload = unsafe start + 1
        guard let length = unsafe Varint.read(&payload, end),
            unsafe length <= UInt64(end - payload), unsafe head >> 2 >= least
        else {
            unsafe damaged = true
            unsafe place = end
            return nil
        }
        unsafe least = (head >> 2) + 1
        let bytes = Int(length)
        unsafe place = payload + bytes
        return unsafe Segment(
            number: head >> 2,
            tally: Tally(
                mode: head & 3, payload: UnsafeRawBufferPointer(start: payload, count: bytes)),
            whole: UnsafeRawBufferPointer(start: start, count: payload + bytes - start))
    }

    /// The segment `number`, or nil.
    @inline(__always)
    mutating func find(_ number: UInt8) -> Segment? {
        while let segment = unsafe next() {
            if unsafe segment.number >= number {
                return unsafe segment.number == number ? segment : nil
            }
        }
        return nil
    }
}
