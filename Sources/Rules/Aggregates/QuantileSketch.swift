/// The distribution of numbers: a histogram whose buckets widen with the numbers, as DDSketch's do,
/// but in whole numbers alone: 64 buckets between a power of two and the next, in millionths.
///
/// So a quantile is off by at most half a bucket, 1/128 of its value; any machine finds the same
/// bucket; and no more than about 9,600 buckets exist, which bounds every sketch without making
/// buckets wider, ever.
package struct QuantileSketch: Hashable, Sendable {
    /// Ascending by bucket.
    private var entries: [Entry] = []

    private struct Entry: Hashable, Sendable {
        var bucket: Int32
        var count: UInt64
    }

    private static let stepBits = 6

    init() {}

    /// Numbers below 128 millionths have buckets of their own; negative ones mirror the others.
    private static func bucket(of number: DecimalNumber) -> Int32 {
        let magnitude = number.millionths.magnitude
        let bits = 128 - magnitude.leadingZeroBitCount
        let shift = max(0, bits - stepBits - 1)
        // The top seven bits, of which the first is 1 where anything was shifted out.
        let top = Int32(truncatingIfNeeded: magnitude >> UInt128(shift))
        let place = Int32(shift) << Int32(stepBits) + top
        return number.millionths < 0 ? -place : place
    }

    /// The middle of a bucket.
    private static func middle(of bucket: Int32) -> DecimalNumber {
        let place = abs(bucket)
        let shift = max(0, (place >> Int32(stepBits)) - 1)
        let top = Int128(place - shift << Int32(stepBits))
        let low = top << Int128(shift)
        let middle = shift == 0 ? low : low + (1 << Int128(shift - 1))
        return DecimalNumber(millionths: bucket < 0 ? -middle : middle)
    }

    mutating func add(_ number: DecimalNumber) {
        add(Entry(bucket: Self.bucket(of: number), count: 1))
    }

    private mutating func add(_ entry: Entry) {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].bucket < entry.bucket { low = middle + 1 } else { high = middle }
        }
        if low < entries.count, entries[low].bucket == entry.bucket {
            entries[low].count += entry.count
        } else {
            entries.insert(entry, at: low)
        }
    }

    mutating func merge(_ other: QuantileSketch) {
        if other.entries.count <= 4 {
            for entry in other.entries { add(entry) }
            return
        }
        var merged: [Entry] = []
        merged.reserveCapacity(entries.count + other.entries.count)
        var (left, right) = (0, 0)
        while left < entries.count || right < other.entries.count {
            if right == other.entries.count
                || left < entries.count && entries[left].bucket < other.entries[right].bucket
            {
                merged.append(entries[left])
                left += 1
                continue
            }
            var entry = other.entries[right]
            if left < entries.count, entries[left].bucket == entry.bucket {
                entry.count += entries[left].count
                left += 1
            }
            right += 1
            merged.append(entry)
        }
        entries = merged
    }

    var memoryBytes: Int { entries.count * MemoryLayout<Entry>.stride }

    /// How many numbers there were.
    package var count: UInt64 { entries.reduce(0) { $0 + $1.count } }

    /// The number that `fraction` of all numbers do not exceed, as the sorted list has it at place
    /// `ceil(fraction * count)`; nil where there are none.
    /// - Parameter fraction: 0 to 1.
    package func quantile(_ fraction: Double) -> DecimalNumber? {
        guard let last = entries.last else { return nil }
        let wanted = max(1, (fraction * Double(count)).rounded(.up))
        var passed: UInt64 = 0
        for entry in entries {
            passed += entry.count
            if Double(passed) >= wanted { return Self.middle(of: entry.bucket) }
        }
        return Self.middle(of: last.bucket)
    }

    func encode(to bytes: inout [UInt8]) {
        bytes.append(packed: UInt64(entries.count))
        var before: Int32 = 0
        for entry in entries {
            bytes.append(packed: Int128(entry.bucket - before))
            bytes.append(packed: entry.count)
            before = entry.bucket
        }
    }

    init(_ reader: inout PackedReader) throws(PackedDamage) {
        var before: Int32 = 0
        for _ in 0..<(unsafe try reader.count(atMost: 20_000)) {
            guard let step = Int32(exactly: unsafe try reader.signed()) else {
                throw PackedDamage()
            }
            let (bucket, overflows) = before.addingReportingOverflow(step)
            if overflows { throw PackedDamage() }
            entries.append(Entry(bucket: bucket, count: unsafe try reader.number()))
            before = bucket
        }
    }
}
