extension Accumulator {
    package typealias Entry = (id: UInt32, count: UInt64)

    /// Up to so many, a list in order takes what comes at its place.
    private static let fewMax = 64

    /// The `most` ids with the largest sums, by sum, those with equal ones by `precedes`.
    /// - Parameter precedes: whether the name of the first id sorts before the second's; asked
    ///   only where sums are equal, and only of ids that may be in the list.
    package mutating func top(
        _ most: Int, precedes: (UInt32, UInt32) -> Bool
    ) -> [Entry] {
        guard most > 0 else { return [] }
        func before(_ left: Entry, _ right: Entry) -> Bool {
            left.count != right.count ? left.count > right.count : precedes(left.id, right.id)
        }
        var (best, tied) = most <= Self.fewMax ? few(most) : many(most)
        best.sort(by: before)
        return best + Self.first(most - best.count, of: tied, before)
    }

    /// Those that are in the list whatever their names are, and those with the sum of its last.
    private mutating func few(_ most: Int) -> (best: [Entry], tied: [Entry]) {
        var best: [Entry] = []
        best.reserveCapacity(most + 1)
        var tied: [Entry] = []
        // Of the last, once the list is full.
        var least: UInt64 = 0
        forEach { id, count in
            if count < least { return }
            if count == least { return tied.append((id, count)) }
            var place = best.count
            while place > 0 && count > best[place - 1].count { place -= 1 }
            best.insert((id, count), at: place)
            if best.count < most { return }
            let gone = best.count > most ? best.removeLast() : nil
            if best[most - 1].count > least { tied.removeAll(keepingCapacity: true) }
            least = best[most - 1].count
            if let gone, gone.count == least { tied.append(gone) }
        }
        while let last = best.last, last.count == least { tied.append(best.removeLast()) }
        return (best, tied)
    }

    /// The same for a long list.
    private mutating func many(_ most: Int) -> (best: [Entry], tied: [Entry]) {
        var sums: [UInt64] = []
        forEach { _, count in sums.append(count) }
        sums.sort(by: >)
        let least = sums.count > most ? sums[most - 1] : 0
        var (best, tied): ([Entry], [Entry]) = ([], [])
        forEach { id, count in
            if count > least { best.append((id, count)) }
            if count == least { tied.append((id, count)) }
        }
        return (best, tied)
    }

    private static func first(
        _ few: Int, of entries: [Entry], _ before: (Entry, Entry) -> Bool
    ) -> [Entry] {
        if few > fewMax || few >= entries.count {
            return Array(entries.sorted(by: before).prefix(few))
        }
        var first: [Entry] = []
        for entry in entries {
            var place = first.count
            while place > 0 && before(entry, first[place - 1]) { place -= 1 }
            if place == few { continue }
            if first.count == few { first.removeLast() }
            first.insert(entry, at: place)
        }
        return first
    }
}
