/// The buckets that occur in a slice, ascending, so that a time is a small number.
final class BucketIndex {
    /// The bucket numbers, from the epoch.
    private(set) var values: Scratch<Int64>
    /// Every bucket from the first to the last is there.
    private let consecutive: Bool

    /// - Parameter buckets: at least one, in any order.
    init(_ buckets: borrowing Scratch<Int64>) {
        var lowest = Int64.max
        var highest = Int64.min
        for index in 0..<buckets.count {
            lowest = unsafe min(lowest, buckets.start[index])
            highest = unsafe max(highest, buckets.start[index])
        }
        let span = Int(highest - lowest) + 1
        consecutive = span <= 4 * buckets.count + 1_024
        if consecutive {
            values = Scratch(capacity: span)
            for offset in 0..<span { values.append(lowest + Int64(offset)) }
        } else {
            values = Scratch(capacity: buckets.count)
            var sorted = unsafe Array(
                UnsafeBufferPointer(start: buckets.start, count: buckets.count))
            sorted.sort()
            for (index, value) in sorted.enumerated()
            where index == 0 || value != sorted[index - 1] {
                values.append(value)
            }
        }
    }

    /// The index of `bucket`, or of the first one behind it.
    @inline(__always)
    func index(atOrAfter bucket: Int64) -> UInt32 {
        consecutive
            ? UInt32(truncatingIfNeeded: unsafe max(bucket - values.start[0], 0))
            : search(bucket)
    }

    private func search(_ bucket: Int64) -> UInt32 {
        var low = 0
        var high = values.count
        while low < high {
            let middle = (low + high) / 2
            if unsafe values.start[middle] < bucket { low = middle + 1 } else { high = middle }
        }
        return UInt32(low)
    }
}

/// Ids of one dimension as they are, or, where they are too wide for a sort key, by rank.
struct LocalIDs: ~Copyable {
    /// By local id, the id; empty where they are the same.
    private var table: [UInt32] = []
    /// The bits that hold every local id.
    private(set) var bits: Int

    init(largest: UInt32) {
        bits = 32 - largest.leadingZeroBitCount
    }

    /// Ranks the ids; local ids are then 1, 2, 3 ... in the same order, 0 stays 0.
    init(ranking ids: some Sequence<UInt32>) {
        table = [0]
        for id in ids.sorted() where id != table[table.count - 1] { table.append(id) }
        bits = Int.bitWidth - (table.count - 1).leadingZeroBitCount
    }

    @inline(__always)
    func local(_ id: UInt32) -> UInt32 {
        table.isEmpty ? id : rank(id)
    }

    private func rank(_ id: UInt32) -> UInt32 {
        var low = 0
        var high = table.count
        while low < high {
            let middle = (low + high) / 2
            if table[middle] < id { low = middle + 1 } else { high = middle }
        }
        return UInt32(low)
    }

    @inline(__always)
    func global(_ local: UInt32) -> UInt32 {
        table.isEmpty ? local : table[Int(local)]
    }
}
