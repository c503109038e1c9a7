import Model

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
