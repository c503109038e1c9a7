/// Merges rows of one key into one: segments that only one of them has are copied as they are,
/// the others are decoded, added up and encoded again.
@safe
struct RowMerger: ~Copyable {
    @unsafe
    private struct Input {
        var cursor: RowCursor
        var segment: Segment?
    }
    /// A sorted part of one tally, in `keys` and `counts`.
    private struct Part {
        var start: Int
        var count: Int
    }

    private var inputs: [Input] = unsafe []
    private var parts: [Part] = []
    private var keys = Scratch<UInt64>(capacity: 1_024)
    private var counts = Scratch<UInt64>(capacity: 1_024)
    private var mergedKeys = Scratch<UInt64>(capacity: 1_024)
    private var mergedCounts = Scratch<UInt64>(capacity: 1_024)
    private var encoder = TallyEncoder()

    init() {}

    /// Forgets the rows of the last key.
    mutating func begin() { unsafe inputs.removeAll(keepingCapacity: true) }

    /// Adds a row; the largest one last is cheapest. Its bytes must hold until `merge` is done.
    mutating func add(_ row: UnsafeRawBufferPointer) {
        var cursor = unsafe RowCursor(row)
        let first = unsafe cursor.next()
        unsafe inputs.append(Input(cursor: cursor, segment: first))
    }

    /// Appends the merged row.
    /// - Returns: false where a row is damaged; what was appended then means nothing.
    mutating func merge(into row: inout Scratch<UInt8>) -> Bool {
        while true {
            var number = UInt8.max
            var sharing = 0
            var only = 0
            for index in unsafe inputs.indices {
                guard let segment = unsafe inputs[index].segment else { continue }
                if unsafe segment.number < number {
                    number = unsafe segment.number
                    sharing = 1
                    only = index
                } else if unsafe segment.number == number {
                    sharing += 1
                }
            }
            if sharing == 0 { break }
            if sharing == 1 {
                if let segment = unsafe inputs[only].segment { unsafe row.append(segment.whole) }
                unsafe inputs[only].segment = inputs[only].cursor.next()
                continue
            }
            keys.count = 0
            counts.count = 0
            parts.removeAll(keepingCapacity: true)
            for index in unsafe inputs.indices {
                guard let segment = unsafe inputs[index].segment, unsafe segment.number == number
                else { continue }
                guard unsafe decode(segment.tally) else { return false }
                unsafe inputs[index].segment = inputs[index].cursor.next()
            }
            guard keys.count > 0 else { return false }
            mergeParts()
            unsafe encoder.encode(
                segment: number, keys: keys.start, counts: counts.start, count: keys.count,
                into: &row)
        }
        return unsafe inputs.allSatisfy { unsafe !$0.cursor.damaged }
    }

    /// Appends a tally's entries as one or two sorted parts.
    private mutating func decode(_ tally: Tally) -> Bool {
        // A sparse entry takes a byte, a dense one at least as many as its cell's width.
        let most = unsafe keys.count + tally.payload.count
        keys.reserve(most)
        counts.reserve(most)
        var next = keys.count
        let all: Range<UInt64> = 0..<UInt64.max
        if unsafe tally.mode > Tally.split {
            let put = unsafe (keys.start, counts.start)
            let intact = unsafe tally.forEach(in: all) { key, count in
                unsafe put.0[next] = key
                unsafe put.1[next] = count
                next += 1
            }
            return intact && close(next)
        }
        guard let sparse = unsafe tally.sparse() else { return false }
        let put = unsafe (keys.start, counts.start)
        guard
            unsafe Tally.forEachOne(
                sparse.ones, in: all,
                { key, count in
                    unsafe put.0[next] = key
                    unsafe put.1[next] = count
                    next += 1
                }), close(next)
        else { return false }
        let restIntact = unsafe Tally.forEachPair(sparse.rest, in: all) { key, count in
            unsafe put.0[next] = key
            unsafe put.1[next] = count
            next += 1
        }
        return restIntact && close(next)
    }

    /// Ends a part; false where its keys do not ascend or a count is zero.
    private mutating func close(_ end: Int) -> Bool {
        let start = keys.count
        if end == start { return true }
        var intact = unsafe counts.start[start] != 0
        for index in start + 1..<max(end, start + 1) {
            intact =
                unsafe intact && keys.start[index - 1] < keys.start[index]
                && counts.start[index] != 0
        }
        parts.append(Part(start: start, count: end - start))
        keys.count = end
        counts.count = end
        return intact
    }

    /// Merges neighbouring parts, the smaller ones first, until one is left.
    private mutating func mergeParts() {
        while parts.count > 1 {
            mergedKeys.reserve(keys.count)
            mergedCounts.reserve(keys.count)
            mergedKeys.count = 0
            var merged = 0
            var index = 0
            // The last two, those of LMDB's row in a checkpoint, are by far the largest: they wait
            // until the others are one.
            let pairs = (parts.count > 3 ? parts.count - 2 : parts.count) / 2 * 2
            while index < parts.count {
                let start = mergedKeys.count
                if index + 1 < parts.count && index < pairs {
                    mergePair(parts[index], parts[index + 1])
                    index += 2
                } else {
                    copy(parts[index])
                    index += 1
                }
                parts[merged] = Part(start: start, count: mergedKeys.count - start)
                merged += 1
            }
            parts.removeSubrange(merged...)
            mergedCounts.count = mergedKeys.count
            keys.swap(with: &mergedKeys)
            counts.swap(with: &mergedCounts)
        }
    }

    private mutating func copy(_ part: Part) {
        let end = mergedKeys.count
        unsafe (mergedKeys.start + end).update(from: keys.start + part.start, count: part.count)
        unsafe (mergedCounts.start + end)
            .update(from: counts.start + part.start, count: part.count)
        mergedKeys.count = end + part.count
    }

    private mutating func mergePair(_ left: Part, _ right: Part) {
        var (a, b) = (left.start, right.start)
        let (aEnd, bEnd) = (a + left.count, b + right.count)
        let (source, sourceCounts) = unsafe (keys.start, counts.start)
        let (target, targetCounts) = unsafe (mergedKeys.start, mergedCounts.start)
        var next = mergedKeys.count
        while a < aEnd && b < bEnd {
            let (x, y) = unsafe (source[a], source[b])
            // Without branches: which side is next cannot be predicted.
            let (takeX, takeY): (UInt64, UInt64) = (x <= y ? 1 : 0, y <= x ? 1 : 0)
            unsafe target[next] = min(x, y)
            unsafe targetCounts[next] =
                (sourceCounts[a] & (0 &- takeX))
                &+ (sourceCounts[b] & (0 &- takeY))
            a &+= Int(truncatingIfNeeded: takeX)
            b &+= Int(truncatingIfNeeded: takeY)
            next += 1
        }
        let (rest, restCount) = a < aEnd ? (a, aEnd - a) : (b, bEnd - b)
        unsafe (target + next).update(from: source + rest, count: restCount)
        unsafe (targetCounts + next).update(from: sourceCounts + rest, count: restCount)
        mergedKeys.count = next + restCount
    }
}
