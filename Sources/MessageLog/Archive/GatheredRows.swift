import Model

/// Rows of other blocks, gathered into one. Columns that those were read without stay empty.
struct GatheredRows {
    private var times: [Int64] = []
    private var topics: [UInt32] = []
    private var flags: [UInt8] = []
    private var kinds: [UInt8] = []
    private var idForms: [UInt16] = []
    private var idHigh: [UInt64] = []
    private var idLow: [UInt64] = []
    private var sets: [Dimension: (offsets: [UInt32], ids: [UInt32])] = [:]
    private var rows = 0
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    mutating func append(_ block: ColumnBlock, _ part: Range<Int>, _ map: MergedIDs) {
        Self.append(block.times, part, to: &times, capacity)
        Self.append(block.flags, part, to: &flags, capacity)
        Self.append(block.kinds, part, to: &kinds, capacity)
        Self.append(block.idForms, part, to: &idForms, capacity)
        Self.append(block.idHigh, part, to: &idHigh, capacity)
        Self.append(block.idLow, part, to: &idLow, capacity)
        if !block.topics.isEmpty {
            let ids = map.ids(of: .topic)
            topics.reserveCapacity(capacity)
            for topic in block.topics[part] { topics.append(ids[Int(topic)]) }
        }
        for set in block.sets {
            append(set.names, part, map.ids(of: set.dimension), set.dimension)
        }
        rows += part.count
    }

    private static func append<Value>(
        _ column: [Value], _ part: Range<Int>, to gathered: inout [Value], _ capacity: Int
    ) {
        guard !column.isEmpty else { return }
        gathered.reserveCapacity(capacity)
        gathered.append(contentsOf: column[part])
    }

    private mutating func append(
        _ names: NameSet, _ part: Range<Int>, _ ids: [UInt32], _ dimension: Dimension
    ) {
        var set = sets.removeValue(forKey: dimension) ?? ([0], [])
        // Rows that came before without a name in this dimension have empty sets.
        let end = UInt32(set.ids.count)
        while set.offsets.count <= rows { set.offsets.append(end) }
        for row in part {
            for id in names.ids(ofRow: row) { set.ids.append(ids[Int(id)]) }
            set.offsets.append(UInt32(set.ids.count))
        }
        sets[dimension] = set
    }

    /// All of them as one block, whose time bounds are known where topics and times are.
    func block(firstRow: Int, rows: Int, positions: [UInt64]) -> ColumnBlock {
        let own = sets.sorted { $0.key < $1.key }.compactMap {
            dimension, set -> ColumnBlock.DimensionSet? in
            guard !set.ids.isEmpty else { return nil }
            let missing = rows + 1 - set.offsets.count
            let offsets =
                set.offsets + repeatElement(UInt32(set.ids.count), count: max(0, missing))
            return .init(dimension: dimension, names: NameSet(offsets: offsets, ids: set.ids))
        }
        var earliest = Int64.max
        var latest = Int64.min
        for (time, topic) in zip(times, topics) where topic != 0 {
            earliest = min(earliest, time)
            latest = max(latest, time)
        }
        return ColumnBlock(
            firstRow: firstRow, rows: rows, times: times, topics: topics, flags: flags,
            kinds: kinds, idForms: idForms, idHigh: idHigh, idLow: idLow,
            positions: positions, sets: own,
            timeBounds: earliest <= latest ? earliest...latest : nil)
    }
}
