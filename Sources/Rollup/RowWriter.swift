import Model

/// Writes the rows of one kind: packs cells into sort keys, sorts, counts equal ones, encodes.
struct RowWriter: ~Copyable {
    /// Where a key's group or member comes from.
    enum Field {
        case none
        case group
        case member
    }

    /// How a cell of the kind is packed in 64 bits, so that their order is the rows' order.
    struct KeyLayout {
        let kind: RowKind
        let weightBits: Int
        let memberBits: Int
        let memberShift: Int
        let insideBits: Int
        let insideShift: Int
        let groupBits: Int
        let groupShift: Int
        let chunkShift: Int
        let chunkBits: Int
        /// Equal above it: the same segment.
        let segmentShift: Int

        init(
            _ kind: RowKind, chunkBits: Int, groupBits: Int, memberBits: Int, weightBits: Int
        ) {
            self.kind = kind
            self.chunkBits = chunkBits
            self.groupBits = groupBits
            self.memberBits = memberBits
            let plain = Self.plainBits(kind, chunkBits, groupBits, memberBits)
            precondition(plain <= 64, "a slice's ids and times fit one sort key")
            // No room for the weight: a cell is then packed as often as it counts.
            self.weightBits = plain + weightBits <= 64 ? weightBits : 0
            insideBits = Self.bits(of: kind)
            if kind.shape == .share {
                memberShift = self.weightBits
                insideShift = memberShift + memberBits
                groupShift = insideShift + insideBits
                segmentShift = insideShift
            } else {
                insideShift = self.weightBits
                memberShift = insideShift + insideBits
                groupShift = memberShift + memberBits
                segmentShift = groupShift
            }
            chunkShift = groupShift + groupBits
        }

        static func bits(of kind: RowKind) -> Int {
            Int64.bitWidth - (kind.bucketsPerChunk - 1).leadingZeroBitCount
        }

        static func plainBits(_ kind: RowKind, _ chunk: Int, _ group: Int, _ member: Int) -> Int {
            bits(of: kind) + chunk + group + member
        }
    }

    var pile = RowPile()
    private var keys = Scratch<UInt64>()
    private var spare = Scratch<UInt64>()
    private var tallyKeys = Scratch<UInt64>()
    private var tallyCounts = Scratch<UInt64>()
    private var timeKeys = Scratch<UInt64>()
    private var chunks = Scratch<Int64>()
    private var encoder = TallyEncoder()

    /// Begins a kind: numbers the chunks that its buckets fall into and gives each time its place.
    /// - Parameter buckets: hours for all kinds but minutes, minutes for those.
    mutating func begin(
        _ kind: RowKind, buckets: BucketIndex, groupBits: Int, memberBits: Int,
        largest: UInt32
    ) -> KeyLayout {
        chunks.count = 0
        let count = buckets.values.count
        let unit: Int64 = kind.granularity == .day ? 24 : 1
        for index in 0..<count {
            let chunk = unsafe buckets.values.start[index].floorDivided(
                by: unit * kind.bucketsPerChunk)
            if unsafe chunks.count == 0 || chunks.start[chunks.count - 1] != chunk {
                chunks.append(chunk)
            }
        }
        let layout = KeyLayout(
            kind, chunkBits: Int.bitWidth - (chunks.count - 1).leadingZeroBitCount,
            groupBits: groupBits, memberBits: memberBits,
            weightBits: largest == 1 ? 0 : 32 - largest.leadingZeroBitCount)
        timeKeys.reserve(count)
        var rank = 0
        for index in 0..<count {
            let bucket = unsafe buckets.values.start[index].floorDivided(by: unit)
            let chunk = bucket.floorDivided(by: kind.bucketsPerChunk)
            if unsafe chunks.start[rank] != chunk { rank += 1 }
            let inside = UInt64(bucket - chunk * kind.bucketsPerChunk)
            unsafe timeKeys.start[index] =
                UInt64(rank) << UInt64(layout.chunkShift) | inside << UInt64(layout.insideShift)
        }
        keys.count = 0
        return layout
    }

    /// Adds cells to the kind that was begun.
    mutating func load(
        _ cells: borrowing CellColumns, group: Field, member: Field, _ layout: KeyLayout
    ) {
        let groups = unsafe group == .member ? cells.members.start : cells.groups.start
        let members = unsafe member == .group ? cells.groups.start : cells.members.start
        let groupMask: UInt64 = group == .none ? 0 : .max
        let memberMask: UInt64 = member == .none ? 0 : .max
        let groupShift = UInt64(layout.groupShift)
        let memberShift = UInt64(layout.memberShift)
        let weighted = layout.weightBits > 0
        let expand = !weighted && cells.largest > 1
        keys.reserve(keys.count + (expand ? cells.total : cells.count))
        var next = unsafe keys.start + keys.count
        for index in 0..<cells.count {
            let key =
                unsafe timeKeys.start[Int(cells.times.start[index])]
                | (UInt64(groups[index]) & groupMask) &<< groupShift
                | (UInt64(members[index]) & memberMask) &<< memberShift
            if expand {
                for _ in 0..<(unsafe cells.counts.start[index]) {
                    unsafe next.pointee = key
                    unsafe next += 1
                }
            } else {
                unsafe next.pointee = key | (weighted ? UInt64(cells.counts.start[index]) : 0)
                unsafe next += 1
            }
        }
        unsafe keys.count = next - keys.start
    }

    /// Ends the kind: sorts what was loaded and writes its rows.
    /// - Parameter coarser: is given each cell once, by the hour.
    mutating func finish(
        _ layout: KeyLayout, groups: borrowing LocalIDs, members: borrowing LocalIDs,
        coarser: inout CoarserCells
    ) {
        let kind = layout.kind
        RadixSort.sort(
            &keys, spare: &spare, low: layout.weightBits,
            high: layout.chunkShift + layout.chunkBits)
        tallyKeys.reserve(keys.count)
        tallyCounts.reserve(keys.count)
        let mark = pile.places.count
        var lastPlace: UInt64?
        let share = kind.shape == .share
        let groupMask = UInt32(1) << kind.groupBits - 1
        var index = 0
        while index < keys.count {
            let head = unsafe keys.start[index]
            let chunk = unsafe chunks.start[Int(Self.high(head, layout.chunkShift))]
            let local = UInt32(
                truncatingIfNeeded: Self.field(head, layout.groupShift, layout.groupBits))
            let group = groups.global(local)
            let place = RowKey.place(chunk: chunk, block: group >> kind.groupBits)
            if lastPlace != place {
                pile.begin(place)
                lastPlace = place
            }
            let start = index
            index = collect(from: start, layout, members)
            if coarser.wants(local) {
                pass(layout, from: start, first: chunk * kind.bucketsPerChunk, local, &coarser)
            }
            let inside = Self.field(head, layout.insideShift, layout.insideBits)
            unsafe encoder.encode(
                segment: share ? UInt8(inside) : UInt8(group & groupMask),
                keys: tallyKeys.start, counts: tallyCounts.start, count: tallyKeys.count,
                into: &pile.bytes)
        }
        pile.close(kind, from: mark)
    }

    /// Counts the keys of one segment; returns where the next one begins. The segment's distinct
    /// keys stand at its beginning then.
    private mutating func collect(
        from start: Int, _ layout: KeyLayout, _ members: borrowing LocalIDs
    ) -> Int {
        let shape = layout.kind.shape
        let memberFactor: UInt64 = shape == .history ? UInt64(layout.kind.bucketsPerChunk) : 1
        let insideMask: UInt64 = shape == .share ? 0 : .max
        let weightBits = UInt64(layout.weightBits)
        let weightMask = UInt64(1) << weightBits - 1
        let one: UInt64 = weightMask == 0 ? 1 : 0
        let segment = unsafe Self.high(keys.start[start], layout.segmentShift)
        let (source, cells, counts) = unsafe (keys.start, tallyKeys.start, tallyCounts.start)
        let end = keys.count
        var found = 0
        var index = start
        while unsafe index < end && Self.high(source[index], layout.segmentShift) == segment {
            let key = unsafe source[index]
            var count = (key & weightMask) | one
            let cell = key &>> weightBits
            index += 1
            while unsafe index < end && source[index] &>> weightBits == cell {
                count += unsafe (source[index] & weightMask) | one
                index += 1
            }
            let inside = Self.field(key, layout.insideShift, layout.insideBits)
            let member = UInt32(
                truncatingIfNeeded: Self.field(key, layout.memberShift, layout.memberBits))
            unsafe cells[found] =
                UInt64(members.global(member)) &* memberFactor &+ (inside & insideMask)
            unsafe counts[found] = count
            unsafe source[start + found] = key
            found += 1
        }
        tallyKeys.count = found
        tallyCounts.count = found
        return index
    }

    /// Passes the cells of a segment on.
    private func pass(
        _ layout: KeyLayout, from start: Int, first: Int64, _ group: UInt32,
        _ coarser: inout CoarserCells
    ) {
        var lastInside = UInt64.max
        var hour: Int64 = 0
        for index in 0..<tallyKeys.count {
            let key = unsafe keys.start[start + index]
            let inside = Self.field(key, layout.insideShift, layout.insideBits)
            if inside != lastInside {
                lastInside = inside
                let bucket = first + Int64(inside)
                switch layout.kind.granularity {
                case .minute: hour = bucket.floorDivided(by: 60)
                case .hour: hour = bucket
                case .day: hour = bucket * 24
                }
            }
            let member = UInt32(
                truncatingIfNeeded: Self.field(key, layout.memberShift, layout.memberBits))
            coarser.append(
                hour: hour, group: group, member: member,
                count: UInt32(truncatingIfNeeded: unsafe tallyCounts.start[index]))
        }
    }

    @inline(__always)
    private static func high(_ key: UInt64, _ shift: Int) -> UInt64 {
        shift < 64 ? key &>> UInt64(shift) : 0
    }

    @inline(__always)
    private static func field(_ key: UInt64, _ shift: Int, _ bits: Int) -> UInt64 {
        bits == 0 ? 0 : high(key, shift) & (UInt64.max >> UInt64(64 - bits))
    }
}
