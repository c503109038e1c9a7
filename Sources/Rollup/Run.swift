import Model

/// The rollup of a range of sequences, in memory, immutable: rows of the same form as LMDB's
/// values, and a directory of their keys.
@safe
package final class Run: @unchecked Sendable {
    /// The records covered, control records included.
    package let sequences: ClosedRange<UInt64>
    /// The messages counted, so without control records.
    package let messages: Int
    /// The hours (numbered from the epoch) that messages fall into; empty if there are none.
    package let hours: Range<Int64>
    /// By dimension's code: how many names the table had at the last of these records.
    package let nameCounts: [UInt32]

    // Never changed after init, freed in deinit: safe to share.
    private let rows: UnsafeMutablePointer<UInt8>
    private let places: UnsafeMutablePointer<UInt64>
    private let starts: UnsafeMutablePointer<Int>
    private let kinds: [Range<Int>]

    /// The memory that the run takes.
    package let bytes: Int

    init(
        sequences: ClosedRange<UInt64>, messages: Int, hours: Range<Int64>, nameCounts: [UInt32],
        pile: borrowing RowPile
    ) {
        self.sequences = sequences
        self.messages = messages
        self.hours = hours
        self.nameCounts = nameCounts
        let count = pile.places.count
        unsafe rows = .allocate(capacity: max(pile.bytes.count, 1))
        unsafe rows.update(from: pile.bytes.start, count: pile.bytes.count)
        unsafe places = .allocate(capacity: max(count, 1))
        unsafe places.update(from: pile.places.start, count: count)
        unsafe starts = .allocate(capacity: count + 1)
        unsafe starts.update(from: pile.starts.start, count: count)
        unsafe starts[count] = pile.bytes.count
        kinds = pile.kinds
        bytes = pile.bytes.count + count * 16 + 8
    }

    deinit {
        unsafe rows.deallocate()
        unsafe places.deallocate()
        unsafe starts.deallocate()
    }

    /// Computes the rollup of `rows`.
    package static func build(_ rows: RollupRows) -> Run {
        let count = rows.topics.count
        precondition(
            rows.times.count == count && rows.userOffsets.count == count + 1
                && rows.packageOffsets.count == count + 1 && rows.first <= rows.last,
            "columns of rollup rows have one entry a message")
        var messages = 0
        var lowest = Int64.max
        var highest = Int64.min
        for message in 0..<count where rows.topics[message] != 0 {
            messages += 1
            lowest = min(lowest, rows.times[message])
            highest = max(highest, rows.times[message])
        }
        let hour = { Granularity.hour.bucket(of: Timestamp(microseconds: $0)) }
        let hours = messages == 0 ? 0..<0 : hour(lowest)..<hour(highest) + 1
        var parts: [Run] = []
        RunBuilder(rows, 0..<count).build { pile in
            parts.append(
                Run(
                    sequences: rows.first...rows.last, messages: messages, hours: hours,
                    nameCounts: rows.neededNames, pile: pile))
        }
        if parts.count == 1 { return parts[0] }
        return Run(
            sequences: rows.first...rows.last, messages: messages, hours: hours,
            nameCounts: rows.neededNames, pile: mergedPile(parts))
    }

    /// One run in place of several neighbouring ones, given in order.
    package static func merge(_ runs: [Run]) -> Run {
        precondition(!runs.isEmpty, "a merge has something to merge")
        if runs.count == 1 { return runs[0] }
        for (left, right) in zip(runs, runs.dropFirst()) {
            precondition(
                left.sequences.upperBound + 1 == right.sequences.lowerBound,
                "merged runs cover neighbouring ranges of sequences")
        }
        let last = runs[runs.count - 1]
        return Run(
            sequences: runs[0].sequences.lowerBound...last.sequences.upperBound,
            messages: runs.reduce(0) { $0 + $1.messages }, hours: hours(of: runs),
            nameCounts: largestCounts(runs), pile: mergedPile(runs))
    }

    /// The hours of all of them.
    static func hours(of runs: [Run]) -> Range<Int64> {
        var all: Range<Int64> = 0..<0
        for run in runs { all = all.spanning(run.hours) }
        return all
    }

    /// By dimension's code: the names that the last of them needs.
    static func largestCounts(_ runs: [Run]) -> [UInt32] {
        var counts: [UInt32] = []
        for run in runs {
            for (code, count) in run.nameCounts.enumerated() {
                if code == counts.count { counts.append(0) }
                counts[code] = max(counts[code], count)
            }
        }
        return counts
    }

    private static func mergedPile(_ runs: [Run]) -> RowPile {
        var pile = RowPile()
        var merger = RowMerger()
        for kind in RowKind.allCases {
            let mark = pile.places.count
            var walk = RunsWalk(runs, kind)
            while let place = walk.nextPlace() {
                pile.begin(place)
                merger.begin()
                unsafe walk.takeRows(at: place) { unsafe merger.add($0) }
                precondition(merger.merge(into: &pile.bytes), "a run's rows are intact")
            }
            pile.close(kind, from: mark)
        }
        return pile
    }

    // MARK: Rows

    /// The directory's entries of a kind.
    @inline(__always)
    func entries(of kind: RowKind) -> Range<Int> { kinds[kind.index] }

    @inline(__always)
    func place(of entry: Int) -> UInt64 { unsafe places[entry] }

    @inline(__always)
    func row(of entry: Int) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(
            start: rows + starts[entry], count: starts[entry + 1] - starts[entry])
    }

    /// The row of a key, or nil; valid as long as the run.
    @inline(__always)
    func row(_ key: RowKey) -> UnsafeRawBufferPointer? {
        let range = kinds[key.kind.index]
        var low = range.lowerBound
        var high = range.upperBound
        while low < high {
            let middle = (low + high) >> 1
            if unsafe places[middle] < key.place { low = middle + 1 } else { high = middle }
        }
        guard low < range.upperBound, unsafe places[low] == key.place else { return nil }
        return unsafe row(of: low)
    }
}

/// Walks the rows of one kind in several runs at once, in key order.
struct RunsWalk {
    private let runs: [Run]
    private var entries: [Range<Int>]

    init(_ runs: [Run], _ kind: RowKind) {
        self.runs = runs.filter { !$0.entries(of: kind).isEmpty }
        entries = self.runs.map { $0.entries(of: kind) }
    }

    /// The lowest key's place that is left in any of them.
    func nextPlace() -> UInt64? {
        var lowest: UInt64?
        for (run, range) in zip(runs, entries) where !range.isEmpty {
            let place = run.place(of: range.lowerBound)
            if place < lowest ?? .max || lowest == nil { lowest = place }
        }
        return lowest
    }

    /// Calls `body` with each run's row at `place` and moves behind it.
    mutating func takeRows(at place: UInt64, _ body: (UnsafeRawBufferPointer) -> Void) {
        for index in runs.indices {
            let range = entries[index]
            guard !range.isEmpty, runs[index].place(of: range.lowerBound) == place else {
                continue
            }
            unsafe body(runs[index].row(of: range.lowerBound))
            entries[index] = range.lowerBound + 1..<range.upperBound
        }
    }
}

extension Range<Int64> {
    /// The smallest range that holds both; an empty one counts for nothing.
    func spanning(_ other: Self) -> Self {
        if isEmpty { return other }
        if other.isEmpty { return self }
        return Swift.min(lowerBound, other.lowerBound)..<Swift.max(upperBound, other.upperBound)
    }
}
