/// How far the times of a segment's blocks, which stand in log order, are in order of time: enough
/// to begin and to end a search by time where it can find something.
struct BlockTimeOrder {
    /// The latest time of a block and all before it.
    private let latest: [Int64]
    /// The earliest time of a block and all behind it.
    private let earliest: [Int64]

    /// - Parameter bounds: of each block, nil where it has no message.
    init(_ bounds: [ClosedRange<Int64>?]) {
        var latest: [Int64] = []
        latest.reserveCapacity(bounds.count)
        for block in bounds {
            latest.append(max(latest.last ?? .min, block?.upperBound ?? .min))
        }
        var earliest = Array(repeating: Int64.max, count: bounds.count)
        var least = Int64.max
        for index in bounds.indices.reversed() {
            least = min(least, bounds[index]?.lowerBound ?? .max)
            earliest[index] = least
        }
        self.latest = latest
        self.earliest = earliest
    }

    /// From the first to the last block that may have a message in [lower, upper).
    func blocks(from lower: Int64, to upper: Int64) -> Range<Int> {
        let first = latest.firstPlace { $0 >= lower }
        let end = earliest.firstPlace { $0 >= upper }
        return first..<max(first, end)
    }
}

extension [Int64] {
    /// The place of the first value of which `holds` is true; it is of all behind that one.
    fileprivate func firstPlace(where holds: (Int64) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
