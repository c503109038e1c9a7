import Glibc
import Model

/// Whether two ranges hold the same bytes.
@inline(__always)
func bytesEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard left.count == right.count else { return false }
    guard let here = left.baseAddress, let there = right.baseAddress else { return true }
    return unsafe memcmp(here, there, left.count) == 0
}

/// The names of one message as they are found: distinct in each dimension, not empty, within
/// limits.
@safe
struct NameSet: ~Copyable {
    /// A name and where its bytes stand.
    struct Entry {
        var dimension: UInt8
        /// Whether they stand in `own`, and not in the payload.
        var isOwn: Bool
        var length: UInt16
        var offset: UInt32
    }

    private(set) var entries: UnsafeMutableBufferPointer<Entry>
    private(set) var count = 0
    /// The names that were too long or too many, since the beginning.
    private(set) var skipped = 0
    /// Bytes of names that do not stand in the payload as they are, among others.
    private(set) var own: [UInt8] = []
    private var payload = unsafe UnsafeRawBufferPointer(start: nil, count: 0)

    init() {
        unsafe entries = .allocate(capacity: Limits.namesPerMessageMax)
    }

    deinit { unsafe entries.deallocate() }

    /// Begins the next message, whose bytes must stay valid until it is encoded.
    mutating func begin(payload: UnsafeRawBufferPointer) {
        count = 0
        unsafe self.payload = unsafe payload
        if own.capacity > 1 << 20 { own = [] } else { own.removeAll(keepingCapacity: true) }
    }

    /// Adds a name.
    @inline(__always)
    mutating func insert(_ dimension: Dimension, _ piece: TextPiece) {
        insert(dimension, isOwn: piece.isOwn, piece.range)
    }

    /// Counts a name that was left out before it was one.
    mutating func skip() { skipped += 1 }

    /// Copies `text` to the end of `own`.
    mutating func append(_ text: UnsafeRawBufferPointer) { unsafe own.append(contentsOf: text) }

    /// The same.
    mutating func append(_ text: [UInt8]) { own.append(contentsOf: text) }

    /// Copies a piece to the end of `own`.
    mutating func append(_ piece: TextPiece) {
        if piece.isOwn {
            for place in piece.range { own.append(own[place]) }
        } else {
            unsafe append(UnsafeRawBufferPointer(rebasing: payload[piece.range]))
        }
    }

    /// What was appended to `own` since it had `start` bytes.
    func own(from start: Int) -> TextPiece { TextPiece(isOwn: true, start..<own.count) }

    /// Adds the name at `range` of the payload.
    mutating func insert(_ dimension: Dimension, inPayload range: Range<Int>) {
        insert(dimension, isOwn: false, range)
    }

    /// Adds the name at `range` of `own`.
    mutating func insert(_ dimension: Dimension, inOwn range: Range<Int>) {
        insert(dimension, isOwn: true, range)
    }

    /// Makes room for `length` bytes at the end of `own`, lets `fill` write at most as many and say
    /// how many they are, and returns where they stand.
    mutating func makeOwn(
        length: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int
    ) -> Range<Int> {
        let start = own.count
        own.append(contentsOf: repeatElement(0, count: length))
        let written = unsafe own.withUnsafeMutableBytes {
            unsafe fill(UnsafeMutableRawBufferPointer(rebasing: $0[start...]))
        }
        own.removeLast(length - written)
        return start..<start + written
    }

    /// Calls `body` with the bytes of a name or a range of either source.
    @inline(__always)
    func withBytes<Result>(
        isOwn: Bool, _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        if isOwn {
            return unsafe own.withUnsafeBytes {
                unsafe body(UnsafeRawBufferPointer(rebasing: $0[range]))
            }
        }
        return unsafe body(UnsafeRawBufferPointer(rebasing: payload[range]))
    }

    private mutating func insert(_ dimension: Dimension, isOwn: Bool, _ range: Range<Int>) {
        if range.isEmpty { return }
        guard range.count <= Limits.nameBytesMax else {
            skipped += 1
            return
        }
        for place in 0..<count {
            let entry = unsafe entries[place]
            guard entry.dimension == dimension.code, Int(entry.length) == range.count else {
                continue
            }
            let start = Int(entry.offset)
            let same = unsafe withBytes(isOwn: entry.isOwn, start..<start + range.count) { there in
                unsafe withBytes(isOwn: isOwn, range) { here in unsafe bytesEqual(here, there) }
            }
            if same { return }
        }
        guard count < Limits.namesPerMessageMax else {
            skipped += 1
            return
        }
        unsafe entries.initializeElement(
            at: count,
            to: Entry(
                dimension: dimension.code, isOwn: isOwn, length: UInt16(range.count),
                offset: UInt32(range.lowerBound)))
        count += 1
    }

    /// The bytes of all own names together.
    var ownNameBytes: Int {
        var total = 0
        for place in 0..<count where unsafe entries[place].isOwn {
            total += unsafe Int(entries[place].length)
        }
        return total
    }
}
