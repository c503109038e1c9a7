import Model

/// Where a row stands: a width, a bucket, and 64 groups whose numbers lie side by side. Time before
/// group, so that a bucket is a short run of neighbouring rows.
struct RuleRowKey: Hashable {
    /// The place of the width among the rule's, the finest first.
    var width: Int
    /// The bucket's start, in seconds since 1970.
    var start: Int64
    /// The groups `block * 64` to `block * 64 + 63`.
    var block: UInt32

    static let groupsPerBlock: UInt32 = 64

    /// u8 width, u64 start above the least one, u32 block; big-endian.
    var bytes: [UInt8] {
        var bytes = [RuleMeta.Key.rows + UInt8(width)]
        let lifted = UInt64(bitPattern: start) ^ 1 << 63
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: lifted >> UInt64(shift)))
        }
        for shift in stride(from: 24, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: block >> UInt32(shift)))
        }
        return bytes
    }

    init(width: Int, start: Int64, block: UInt32 = 0) {
        self.width = width
        self.start = start
        self.block = block
    }

    /// Nil where the bytes are no key.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 13, unsafe bytes[0] >= RuleMeta.Key.rows else { return nil }
        width = unsafe Int(bytes[0] - RuleMeta.Key.rows)
        let lifted = unsafe UInt64(
            bigEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
        start = Int64(bitPattern: lifted ^ 1 << 63)
        block = unsafe UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 9, as: UInt32.self))
    }
}

/// A row's value: the groups of its block that have messages, ascending.
enum RuleRow {
    typealias Entry = (group: UInt32, state: GroupState)

    /// u8 place in the block, then the state, for each.
    static func encode(_ entries: [Entry]) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            bytes.append(UInt8(entry.group % RuleRowKey.groupsPerBlock))
            entry.state.encode(to: &bytes)
        }
        return bytes
    }

    static func decode(
        _ bytes: UnsafeRawBufferPointer, block: UInt32, _ shapes: [AggregateState.Shape]
    ) throws(PackedDamage) -> [Entry] {
        let (first, isPastTheLast) = block.multipliedReportingOverflow(
            by: RuleRowKey.groupsPerBlock)
        guard !isPastTheLast else { throw PackedDamage() }
        var reader = unsafe PackedReader(bytes)
        var entries: [Entry] = []
        while unsafe !reader.isAtEnd {
            let place = unsafe try reader.byte()
            guard UInt32(place) < RuleRowKey.groupsPerBlock else { throw PackedDamage() }
            let state = unsafe try GroupState(shapes, &reader)
            entries.append((first + UInt32(place), state))
        }
        return entries
    }

    /// Two lists of ascending groups as one.
    static func merge(_ left: [Entry], _ right: [Entry]) -> [Entry] {
        var merged: [Entry] = []
        merged.reserveCapacity(left.count + right.count)
        var other = 0
        for entry in left {
            while other < right.count, right[other].group < entry.group {
                merged.append(right[other])
                other += 1
            }
            merged.append(entry)
            if other < right.count, right[other].group == entry.group {
                merged[merged.count - 1].state.merge(right[other].state)
                other += 1
            }
        }
        merged.append(contentsOf: right[other...])
        return merged
    }
}
