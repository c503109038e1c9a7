import Model

/// The columns of neighbouring segments as those of one, in memory, with places in an archive's
/// order as positions: clustered by topic, then by sequence.
struct MergedColumns {
    let view: ActiveView
    /// By position: the row whose payload stands there.
    let rowAt: [UInt32]

    /// - Parameters:
    ///   - sources: sealed, one behind the other.
    ///   - salvage: what is left of the one source, where it is damaged.
    init(_ sources: [SegmentColumns], blockRows: Int, salvage: Salvage? = nil) {
        guard let first = sources.first else { preconditionFailure("nothing to merge") }
        let rows = sources.reduce(0) { $0 + $1.rows }
        precondition(rows <= Limits.mergedRecordsMax, "a segment past its most rows")
        var names = MergedNames()
        let block = { (source: SegmentColumns, index: Int, wanted: ColumnSelection) in
            salvage?.block(index, wanted) ?? source.block(index, wanted)
        }
        let maps = sources.map { names.add($0) { salvage?.has($0, $1) ?? true } }
        var places = ArchivePlaces(sources, maps, names, block)
        var builder = MergedBlocks(blockRows: blockRows)
        var days: Set<Int64> = []
        for (source, map) in zip(sources, maps) {
            days.formUnion(source.days)
            for index in 0..<source.blockCount {
                builder.append(block(source, index, .all), map, &places)
            }
        }
        let blocks = builder.finish()
        let bounds = sources.compactMap(\.timeBounds)
        var span: ClosedRange<Int64>?
        if let earliest = bounds.map(\.lowerBound).min(),
            let latest = bounds.map(\.upperBound).max()
        {
            span = earliest...latest
        }
        var controls: [ControlRecord] = []
        var before: UInt32 = 0
        for source in sources {
            controls += source.controls.map { record in
                var moved = record
                moved.row += before
                return moved
            }
            before += UInt32(source.rows)
        }
        view = ActiveView(
            rows: rows, firstSequence: first.firstSequence, blockRows: blockRows, full: blocks,
            last: nil, names: names.views, identities: IdentityTable(), days: days.sorted(),
            timeBounds: span, controls: controls)
        rowAt = places.rowAt
    }
}

/// A source's local ids as the merged ones, by dimension's code.
struct MergedIDs {
    fileprivate var byDimension: [Dimension: [UInt32]] = [:]

    /// Entry 0 stands for no name.
    func ids(of dimension: Dimension) -> [UInt32] { byDimension[dimension] ?? [0] }
}

/// The names of several segments, in order of first appearance over all of them.
struct MergedNames {
    private var tables: [Dimension: NameTable] = [:]

    /// - Parameter isWanted: whether a name has rows; one without gets no id.
    mutating func add(
        _ columns: SegmentColumns, where isWanted: (Dimension, UInt32) -> Bool
    ) -> MergedIDs {
        var merged = MergedIDs()
        for dimension in columns.names.dimensions {
            var table = tables.removeValue(forKey: dimension) ?? NameTable()
            var ids: [UInt32] = [0]
            for id in 1...UInt32(columns.names.count(of: dimension)) {
                guard isWanted(dimension, id) else {
                    ids.append(0)
                    continue
                }
                unsafe columns.names.withText(of: dimension, id) {
                    unsafe ids.append(table.intern($0))
                }
            }
            if table.count > 0 { tables[dimension] = table }
            merged.byDimension[dimension] = ids
        }
        return merged
    }

    var views: [ActiveView.DimensionNames] {
        tables.sorted { $0.key < $1.key }.map {
            ActiveView.DimensionNames(dimension: $0.key, names: $0.value.view())
        }
    }

    /// The topics' ids in the order of their texts.
    var topicsInOrder: [UInt32] {
        guard let table = tables[.topic]?.view(), table.count > 0 else { return [] }
        return (1...UInt32(table.count)).sorted { left, right in
            unsafe table.withText(left) { text in
                unsafe table.withText(right) { unsafe text.order(beside: $0) < 0 }
            }
        }
    }
}

/// Gives each row its place in the archive.
struct ArchivePlaces {
    private var next: [UInt32]
    private(set) var rowAt: [UInt32]
    private var row: UInt32 = 0

    init(
        _ sources: [SegmentColumns], _ maps: [MergedIDs], _ names: MergedNames,
        _ block: (SegmentColumns, Int, ColumnSelection) -> ColumnBlock
    ) {
        let order = names.topicsInOrder
        var counts = [UInt32](repeating: 0, count: order.count + 1)
        for (source, map) in zip(sources, maps) {
            let ids = map.ids(of: .topic)
            for index in 0..<source.blockCount {
                for topic in block(source, index, .topics).topics {
                    counts[Int(ids[Int(topic)])] += 1
                }
            }
        }
        // What is no message stands in front.
        next = counts
        var start: UInt32 = 0
        for topic in [0] + order {
            next[Int(topic)] = start
            start += counts[Int(topic)]
        }
        rowAt = [UInt32](repeating: 0, count: Int(start))
    }

    /// The place of the next row, whose merged topic this is.
    mutating func place(topic: UInt32) -> UInt32 {
        let place = next[Int(topic)]
        next[Int(topic)] += 1
        rowAt[Int(place)] = row
        row += 1
        return place
    }
}

/// Rows of other segments' blocks, gathered into blocks of one size.
private struct MergedBlocks {
    private let blockRows: Int
    private var blocks: [ColumnBlock] = []
    private var times: [Int64] = []
    private var topics: [UInt32] = []
    private var flags: [UInt8] = []
    private var kinds: [UInt8] = []
    private var idForms: [UInt16] = []
    private var idHigh: [UInt64] = []
    private var idLow: [UInt64] = []
    private var positions: [UInt64] = []
    private var sets: [Dimension: (offsets: [UInt32], ids: [UInt32])] = [:]
    private var firstRow = 0

    init(blockRows: Int) { self.blockRows = blockRows }

    mutating func append(_ block: ColumnBlock, _ map: MergedIDs, _ places: inout ArchivePlaces) {
        var start = 0
        while start < block.rows {
            let end = min(block.rows, start + blockRows - times.count)
            append(block, start..<end, map, &places)
            if times.count == blockRows { close() }
            start = end
        }
    }

    private mutating func append(
        _ block: ColumnBlock, _ rows: Range<Int>, _ map: MergedIDs, _ places: inout ArchivePlaces
    ) {
        let before = times.count
        times.append(contentsOf: block.times[rows])
        flags.append(contentsOf: block.flags[rows])
        kinds.append(contentsOf: block.kinds[rows])
        idForms.append(contentsOf: block.idForms[rows])
        idHigh.append(contentsOf: block.idHigh[rows])
        idLow.append(contentsOf: block.idLow[rows])
        let ids = map.ids(of: .topic)
        for row in rows {
            let topic = ids[Int(block.topics[row])]
            topics.append(topic)
            positions.append(UInt64(places.place(topic: topic)))
        }
        for set in block.sets {
            append(set.names, rows, map.ids(of: set.dimension), set.dimension, before)
        }
    }

    private mutating func append(
        _ names: NameSet, _ rows: Range<Int>, _ ids: [UInt32], _ dimension: Dimension, _ before: Int
    ) {
        var set = sets.removeValue(forKey: dimension) ?? ([0], [])
        // Rows that came before without a name in this dimension have empty sets.
        let end = UInt32(set.ids.count)
        while set.offsets.count <= before { set.offsets.append(end) }
        for row in rows {
            for id in names.ids(ofRow: row) { set.ids.append(ids[Int(id)]) }
            set.offsets.append(UInt32(set.ids.count))
        }
        sets[dimension] = set
    }

    private mutating func close() {
        guard !times.isEmpty else { return }
        let rows = times.count
        let own = sets.sorted { $0.key < $1.key }.compactMap {
            dimension, set -> ColumnBlock.DimensionSet? in
            guard !set.ids.isEmpty else { return nil }
            let missing = rows + 1 - set.offsets.count
            let offsets =
                set.offsets + repeatElement(UInt32(set.ids.count), count: max(0, missing))
            return .init(dimension: dimension, names: NameSet(offsets: offsets, ids: set.ids))
        }
        let held = zip(times, topics).lazy.filter { $0.1 != 0 }.map(\.0)
        var bounds: ClosedRange<Int64>?
        if let earliest = held.min(), let latest = held.max() { bounds = earliest...latest }
        blocks.append(
            ColumnBlock(
                firstRow: firstRow, rows: rows, times: times, topics: topics, flags: flags,
                kinds: kinds, idForms: idForms, idHigh: idHigh, idLow: idLow,
                positions: positions, sets: own, timeBounds: bounds))
        firstRow += rows
        times.removeAll(keepingCapacity: true)
        topics.removeAll(keepingCapacity: true)
        flags.removeAll(keepingCapacity: true)
        kinds.removeAll(keepingCapacity: true)
        idForms.removeAll(keepingCapacity: true)
        idHigh.removeAll(keepingCapacity: true)
        idLow.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        sets = [:]
    }

    mutating func finish() -> [ColumnBlock] {
        close()
        return blocks
    }
}
