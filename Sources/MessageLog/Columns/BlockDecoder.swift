import Model

/// Reads one block of a columns file in place. Whatever the bytes say, nothing is read outside of
/// them, and ids stay within the dictionaries: columns that contradict themselves come out as
/// zeros, sets as absent, and `isWhole` turns false.
@safe
struct BlockDecoder {
    let rows: Int
    /// From the block's first byte to the end of the section, so that the slack is inside.
    private let bytes: UnsafeRawBufferPointer
    private let columnCount: Int
    private(set) var isWhole = true

    /// The most names that the rows of one block may have in one dimension.
    private static let setNamesMax = 1 << 26

    /// What the block's list says of one column.
    struct Column {
        let code: UInt8
        let dimension: Dimension
        let width: Int
        let isSums: Bool
        let count: Int
        let offset: Int
        let scale: UInt64
        let base: UInt64

        /// The bytes in front of the packed integers: the sums that are known.
        var knownBytes: Int {
            isSums ? (count + ColumnsFormat.sumRows - 1) / ColumnsFormat.sumRows * 8 : 0
        }
    }

    /// What is read of single rows; nil where all values are the usual one.
    struct RowColumns {
        var times: Column?
        var topics: Column?
        var idForms: Column?
        /// Absent beside archives, where positions follow from the topics.
        var positions: Column?
    }

    init(_ bytes: UnsafeRawBufferPointer, rows: Int) {
        self.rows = rows
        unsafe self.bytes = bytes
        let listed = bytes.count >= 4 ? unsafe Int(bytes.integer(at: 0, as: UInt32.self)) : 0
        if bytes.count < 4 || 4 + listed * ColumnsFormat.columnEntryBytes > bytes.count {
            columnCount = 0
            isWhole = false
        } else {
            columnCount = listed
        }
    }

    /// Column `index` of the list, nil if its data do not lie inside.
    private func column(at index: Int) -> Column? {
        let entry = 4 + index * ColumnsFormat.columnEntryBytes
        let column = unsafe Column(
            code: bytes[entry], dimension: Dimension(code: bytes[entry + 1]),
            width: Int(bytes[entry + 2]), isSums: bytes[entry + 3] == 1,
            count: Int(bytes.integer(at: entry + 4, as: UInt32.self)),
            offset: Int(bytes.integer(at: entry + 8, as: UInt32.self)),
            scale: UInt64(bytes.integer(at: entry + 12, as: UInt32.self)),
            base: bytes.integer(at: entry + 16))
        guard PackedIntegers.isWidth(column.width), unsafe bytes[entry + 3] <= 1 else {
            return nil
        }
        let room = unsafe bytes.count
        // Of sums only the steps from the first one on are packed: the last block of a segment may
        // end right behind them.
        let packed = column.isSums ? max(0, column.count - 1) : column.count
        let length =
            column.knownBytes + PackedIntegers.byteCount(packed, width: column.width)
        guard column.offset + length + ColumnsFormat.slackBytes <= room else { return nil }
        return column
    }

    /// The column of a value per row, nil if it is absent (all values are the usual one).
    private mutating func column(_ code: ColumnsFormat.Column) -> Column? {
        guard let column = first(code) else { return nil }
        if column.count == rows { return column }
        isWhole = false
        return nil
    }

    private mutating func first(_ code: ColumnsFormat.Column) -> Column? {
        for index in 0..<columnCount {
            guard let column = column(at: index) else {
                isWhole = false
                continue
            }
            if column.code == code.rawValue { return column }
        }
        return nil
    }

    /// What is read of single rows, found in one pass.
    func rowColumns() -> RowColumns {
        var found = RowColumns()
        for index in 0..<columnCount {
            let entry = 4 + index * ColumnsFormat.columnEntryBytes
            guard let code = unsafe ColumnsFormat.Column(rawValue: bytes[entry]),
                code.isReadByRow, let column = column(at: index), column.count == rows
            else { continue }
            switch code {
            case .times: found.times = column
            case .topics: found.topics = column
            case .idForms: found.idForms = column
            case .positions: found.positions = column
            default: break
            }
        }
        return found
    }

    /// The values of a column, of each row `usual` where the column is absent.
    mutating func values<T: FixedWidthInteger>(_ code: ColumnsFormat.Column, usual: T) -> [T] {
        guard let column = column(code) else { return Array(repeating: usual, count: rows) }
        return decode(column)
    }

    /// The value of one row.
    mutating func value(_ code: ColumnsFormat.Column, row: Int, usual: UInt64) -> UInt64 {
        guard let column = column(code) else { return usual }
        return value(column, row: row)
    }

    /// The value of one row, below the column's count.
    func value(_ column: Column, row: Int) -> UInt64 {
        precondition(row >= 0 && row < column.count, "row \(row) of \(column.count)")
        guard let start = unsafe bytes.baseAddress else { return 0 }
        let data = unsafe start + column.offset + column.knownBytes
        guard column.isSums else {
            let packed = unsafe PackedIntegers.value(data, row, width: column.width)
            return column.base &+ column.scale &* packed
        }
        // From the nearest sum that is known, forward or back.
        let nearest = (row + ColumnsFormat.sumRows / 2) / ColumnsFormat.sumRows
        let known = min(nearest, column.knownBytes / 8 - 1)
        let from = known * ColumnsFormat.sumRows
        let sum = unsafe bytes.integer(at: column.offset + known * 8, as: UInt64.self)
        let steps = unsafe PackedIntegers.sum(
            data, min(from, row)..<max(from, row), width: column.width)
        let way = UInt64(abs(row - from)) &* column.base &+ column.scale &* steps
        return row < from ? sum &- way : sum &+ way
    }

    private mutating func decode<T: FixedWidthInteger>(_ column: Column) -> [T] {
        guard let start = unsafe bytes.baseAddress else { return [] }
        let data = unsafe start + column.offset + column.knownBytes
        let values = unsafe [T](unsafeUninitializedCapacity: column.count) { out, filled in
            filled = column.count
            guard let target = out.baseAddress, column.count > 0 else { return }
            if column.isSums {
                unsafe PackedIntegers.unpackSums(
                    data, count: column.count, width: column.width, scale: column.scale,
                    step: column.base, first: bytes.integer(at: column.offset), into: target)
            } else {
                unsafe PackedIntegers.unpack(
                    data, count: column.count, width: column.width, scale: column.scale,
                    origin: column.base, into: target)
            }
        }
        for place in 1..<max(1, column.knownBytes / 8) {
            let known = unsafe bytes.integer(at: column.offset + place * 8, as: UInt64.self)
            if values[place * ColumnsFormat.sumRows] != T(truncatingIfNeeded: known) {
                isWhole = false
            }
        }
        return values
    }

    /// The positions of all rows, written down or following from the topics.
    /// - Parameter names: how many topics there are.
    mutating func positions(names: Int) -> [UInt64] {
        guard let column = first(.topicPlaces) else { return values(.positions, usual: 0) }
        let positions =
            column.count <= rows
            ? TopicPlaces.positions(
                topics: topics(names: names), names: names, firsts: decode(column)) : nil
        if let positions { return positions }
        isWhole = false
        return Array(repeating: 0, count: rows)
    }

    /// The topics, each at most `names`.
    mutating func topics(names: Int) -> [UInt32] {
        let topics: [UInt32] = values(.topics, usual: 0)
        if Self.greatest(topics) <= names { return topics }
        isWhole = false
        return topics.map { $0 <= names ? $0 : 0 }
    }

    /// The sets of the wanted dimensions that have any names in this block.
    /// - Parameter names: how many names a dimension has.
    mutating func sets(
        _ wanted: ColumnSelection, names: (Dimension) -> Int
    ) -> [ColumnBlock.DimensionSet] {
        var sets: [ColumnBlock.DimensionSet] = []
        for index in 0..<columnCount {
            guard let counts = column(at: index) else {
                isWhole = false
                continue
            }
            guard counts.code == ColumnsFormat.Column.setCounts.rawValue,
                wanted.contains(.set(of: counts.dimension))
            else { continue }
            // The ids follow their counts in the list.
            guard index + 1 < columnCount, let ids = column(at: index + 1),
                ids.code == ColumnsFormat.Column.setIDs.rawValue,
                ids.dimension == counts.dimension,
                let set = set(counts, ids, names: names(counts.dimension))
            else {
                isWhole = false
                continue
            }
            sets.append(.init(dimension: counts.dimension, names: set))
        }
        return sets
    }

    private mutating func set(_ counts: Column, _ ids: Column, names: Int) -> NameSet? {
        guard counts.count == rows, ids.count <= Self.setNamesMax else { return nil }
        let perRow: [UInt32] = decode(counts)
        var total: UInt64 = 0
        let offsets = unsafe [UInt32](unsafeUninitializedCapacity: rows + 1) { out, filled in
            unsafe out[0] = 0
            for row in 0..<rows {
                total &+= UInt64(perRow[row])
                unsafe out[row + 1] = UInt32(truncatingIfNeeded: total)
            }
            filled = rows + 1
        }
        guard total == UInt64(ids.count) else { return nil }
        let decoded: [UInt32] = decode(ids)
        guard Self.greatest(decoded) <= names, Self.least(decoded) >= 1 else { return nil }
        return NameSet(offsets: offsets, ids: decoded)
    }

    private static func greatest(_ values: [UInt32]) -> Int {
        var greatest: UInt32 = 0
        for value in values { greatest = max(greatest, value) }
        return Int(greatest)
    }

    private static func least(_ values: [UInt32]) -> Int {
        var least = UInt32.max
        for value in values { least = min(least, value) }
        return Int(least)
    }
}
