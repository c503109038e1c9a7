/// Adds tallies up by id: a dense array and the list of the ids that were touched.
@safe
package struct Accumulator: ~Copyable {
    private let borrowed = Sums.take()
    /// By id; valid until `reserve`.
    private var sums: UnsafeMutablePointer<UInt64>
    /// Every id below it may have a sum.
    private var limit = 0
    /// The ids outside `dense` that have had a sum; none twice unless `mayRepeat`.
    private var touched = Scratch<UInt32>()
    /// The ids that dense tallies covered: looked through, not listed.
    private var dense: Range<Int> = 0..<0
    private var subtracted = false
    private var mayRepeat = false
    /// Tallies to be subtracted once everything is added; they hold as long as the view.
    private var deferred: [Tally] = unsafe []

    package init() { unsafe sums = borrowed.start }

    deinit {
        for index in 0..<touched.count { unsafe sums[Int(touched.start[index])] = 0 }
        unsafe (sums + dense.lowerBound).update(repeating: 0, count: dense.count)
        borrowed.giveBack()
    }

    /// Makes room for ids below `ids`; those that stand in damaged tallies are refused.
    mutating func reserve(ids: Int) {
        borrowed.reserve(ids: ids)
        unsafe sums = borrowed.start
        limit = max(limit, ids)
    }

    /// Whether sums may have come down to nothing, so that ids may be listed a second time.
    var hasSubtracted: Bool { subtracted }
    mutating func mayListTwice() { mayRepeat = true }

    // MARK: Adding

    /// Adds to one id, which must be below the reserved ones.
    @inline(__always)
    mutating func add(_ id: UInt64, _ count: UInt64) -> Bool {
        guard id < UInt64(limit) else { return false }
        let old = unsafe sums[Int(id)]
        unsafe sums[Int(id)] = old &+ count
        if old == 0 && !dense.contains(Int(id)) { touched.append(UInt32(truncatingIfNeeded: id)) }
        return true
    }

    /// Adds a tally of ids; false where it is damaged.
    mutating func add(_ tally: Tally) -> Bool {
        if subtracted { mayRepeat = true }
        if unsafe tally.mode > Tally.split {
            guard let cells = unsafe tally.dense(),
                unsafe cells.first <= UInt64(limit),
                unsafe cells.count <= limit - Int(cells.first)
            else { return false }
            if let covered = unsafe denseWith(Int(cells.first), cells.count) {
                dense = covered
                unsafe addCells(cells, to: sums + Int(cells.first))
                return true
            }
        }
        return unsafe dense.isEmpty ? addUnlisted(tally) : addMostlyCovered(tally)
    }

    /// Adds a tally where most ids may be new: lists without a branch.
    private mutating func addUnlisted(_ tally: Tally) -> Bool {
        // A sparse entry takes a byte at least, a dense one its cell.
        unsafe touched.reserve(touched.count + tally.payload.count)
        let (sums, list, limit) = unsafe (self.sums, touched.start, UInt64(self.limit))
        var listed = touched.count
        var inside = true
        let intact = unsafe tally.forEach(in: 0..<UInt64.max) { id, count in
            guard id < limit else {
                inside = false
                return
            }
            let old = unsafe sums[Int(truncatingIfNeeded: id)]
            unsafe sums[Int(truncatingIfNeeded: id)] = old &+ count
            unsafe list[listed] = UInt32(truncatingIfNeeded: id)
            listed &+= old == 0 ? 1 : 0
        }
        touched.count = listed
        return intact && inside
    }

    /// Adds a tally where dense ones have gone before: a new id is the exception.
    private mutating func addMostlyCovered(_ tally: Tally) -> Bool {
        let (sums, limit) = unsafe (self.sums, UInt64(self.limit))
        var inside = true
        let intact = unsafe tally.forEach(in: 0..<UInt64.max) { id, count in
            guard id < limit else {
                inside = false
                return
            }
            let old = unsafe sums[Int(truncatingIfNeeded: id)]
            unsafe sums[Int(truncatingIfNeeded: id)] = old &+ count
            if old == 0 && !dense.contains(Int(truncatingIfNeeded: id)) {
                touched.append(UInt32(truncatingIfNeeded: id))
            }
        }
        return intact && inside
    }

    /// The ids to look through if a dense tally is added to those; nil where that is too many.
    private func denseWith(_ first: Int, _ count: Int) -> Range<Int>? {
        if dense.isEmpty { return first..<first + count }
        let low = min(dense.lowerBound, first)
        let high = max(dense.upperBound, first + count)
        return high - low <= 2 * (dense.count + count) ? low..<high : nil
    }

    /// Remembers a tally to be subtracted by `settle`; it was part of one that was added.
    mutating func subtractLater(_ tally: Tally) { unsafe deferred.append(tally) }

    /// Subtracts what was put off; false where it is damaged.
    mutating func settle() -> Bool {
        if unsafe deferred.isEmpty { return true }
        let (sums, limit) = unsafe (self.sums, UInt64(self.limit))
        var inside = true
        var intact = true
        for place in unsafe deferred.indices {
            let tally = unsafe deferred[place]
            let whole = unsafe tally.forEach(in: 0..<UInt64.max) { id, count in
                guard id < limit, unsafe sums[Int(id)] >= count else {
                    inside = false
                    return
                }
                unsafe sums[Int(id)] &-= count
            }
            intact = intact && whole
        }
        unsafe deferred.removeAll(keepingCapacity: true)
        subtracted = true
        return intact && inside
    }

    // MARK: Reading

    /// Calls `body` with each id whose sum is above zero, in no order.
    @inline(__always)
    package mutating func forEach(_ body: (_ id: UInt32, _ count: UInt64) -> Void) {
        if mayRepeat { listOnce() }
        let sums = unsafe sums
        for id in dense {
            let sum = unsafe sums[id]
            if sum != 0 { body(UInt32(truncatingIfNeeded: id), sum) }
        }
        for index in 0..<touched.count {
            let id = unsafe touched.start[index]
            let sum = unsafe sums[Int(id)]
            if sum != 0 && !dense.contains(Int(id)) { body(id, sum) }
        }
    }

    private mutating func listOnce() {
        var list = unsafe UnsafeMutableBufferPointer(start: touched.start, count: touched.count)
        unsafe list.sort()
        var kept = 0
        for index in list.indices where unsafe index == 0 || list[index] != list[kept - 1] {
            unsafe list[kept] = list[index]
            kept += 1
        }
        touched.count = kept
        mayRepeat = false
    }

    /// How many ids have a sum above zero.
    package mutating func distinct() -> Int {
        var ids = 0
        forEach { _, _ in ids += 1 }
        return ids
    }
}

/// Adds a dense tally's cells, one by one, to the sums from `target` on.
func addCells(
    _ cells: Tally.Dense, _ range: Range<Int>? = nil, to target: UnsafeMutablePointer<UInt64>
) {
    let range = unsafe range ?? 0..<cells.count
    let source = unsafe cells.cells + range.lowerBound * cells.width
    switch unsafe cells.width {
    case 1: unsafe addWords(source, as: UInt8.self, range.count, to: target)
    case 2: unsafe addWords(source, as: UInt16.self, range.count, to: target)
    case 4: unsafe addWords(source, as: UInt32.self, range.count, to: target)
    default: unsafe addWords(source, as: UInt64.self, range.count, to: target)
    }
}

@inline(__always)
private func addWords<Word: FixedWidthInteger & BitwiseCopyable>(
    _ source: UnsafeRawPointer, as: Word.Type, _ count: Int,
    to target: UnsafeMutablePointer<UInt64>
) {
    for index in 0..<count {
        let word = unsafe source.loadUnaligned(
            fromByteOffset: index &* MemoryLayout<Word>.size, as: Word.self)
        unsafe target[index] &+= UInt64(truncatingIfNeeded: Word(littleEndian: word))
    }
}
