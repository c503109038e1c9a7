import Model
import Synchronization

/// From message ids to rows of the segment being written: slots of 13 bits of hash and 19 bits of
/// row + 1; 0 = empty. The ids themselves stand in the columns and decide.
///
/// One writer, any number of readers of older copies; see `NameTable` for why that is safe.
@safe
struct IdentityTable: Sendable {
    private(set) var count = 0
    private var capacity = 4_096
    private var memory = StableMemory(byteCount: 4_096 * 4)
    private let seed = SeededHash.processSeed

    private static let rowBits: UInt32 = 19
    private static let rowMask: UInt32 = 1 << rowBits - 1

    @inline(__always)
    private func word(_ slot: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
        unsafe memory.base.assumingMemoryBound(to: Atomic<UInt32>.self) + slot
    }

    @inline(__always)
    private func first(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (capacity &- 1) }

    @inline(__always)
    private func tag(_ hash: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: hash >> 32) & ~Self.rowMask
    }

    /// Whether the next insertion must be preceded by `grow`.
    @inline(__always)
    var isFull: Bool { (count &+ 1) &* 2 > capacity }

    /// Enters `row` under `id`. Rows come in ascending order.
    @inline(__always)
    mutating func insert(_ id: MessageID, row: Int) {
        let hash = SeededHash.hash(id.high, id.low, seed: seed)
        var slot = first(hash)
        while unsafe word(slot).pointee.load(ordering: .relaxed) != 0 {
            slot = (slot &+ 1) & (capacity &- 1)
        }
        let entry = tag(hash) | UInt32(truncatingIfNeeded: row &+ 1)
        unsafe word(slot).pointee.store(entry, ordering: .relaxed)
        count &+= 1
    }

    /// Doubles the table. The rows are entered again in ascending order, so that rows of one id
    /// keep standing in that order.
    /// - Parameter idOfRow: the id of a row, nil where the row is no message.
    mutating func grow(rows: Int, _ idOfRow: (Int) -> MessageID?) {
        capacity *= 2
        memory = StableMemory(byteCount: capacity * 4)
        count = 0
        for row in 0..<rows {
            if let id = idOfRow(row) { insert(id, row: row) }
        }
    }

    /// The first row below `rows`, in ascending order, of which `accept` is true. Only rows
    /// are asked whose id has the hash of `id`.
    @inline(__always)
    func first(_ id: MessageID, below rows: Int, where accept: (Int) -> Bool) -> Int? {
        let hash = SeededHash.hash(id.high, id.low, seed: seed)
        let wanted = tag(hash)
        var slot = first(hash)
        while true {
            let entry = unsafe word(slot).pointee.load(ordering: .relaxed)
            if entry == 0 { return nil }
            if entry & ~Self.rowMask == wanted {
                let row = Int(entry & Self.rowMask) &- 1
                if row < rows, accept(row) { return row }
            }
            slot = (slot &+ 1) & (capacity &- 1)
        }
    }
}

/// When two messages of one id are one message.
enum DuplicateWindow {
    /// Whether messages at `left` and `right` microseconds are within the window of each other.
    /// - Parameter timeless: whether either of them got its arrival's time for lack of its own.
    @inline(__always)
    static func holds(_ left: Int64, _ right: Int64, timeless: Bool) -> Bool {
        let distance = UInt64(bitPattern: left > right ? left &- right : right &- left)
        let window =
            timeless
            ? Limits.duplicateWindowTimelessMicroseconds : Limits.duplicateWindowMicroseconds
        return distance < UInt64(window)
    }
}
