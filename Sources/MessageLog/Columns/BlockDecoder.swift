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
        // Of sums the first stands by itself, and only the steps from it are packed: the last block
        // of a segment may end right behind them.
        let packed = column.isSums ? max(0, column.count - 1) : column.count
        let length =
            (column.isSums ? 8 : 0) + PackedIntegers.byteCount(packed, width: column.width)
        guard column.offset + length + ColumnsFormat.slackBytes <= room else { return nil }
        return column
    }

    /// The column of a value per row, nil if it is absent (all values are the usual one).
    private mutating func column(_ code: ColumnsFormat.Column) -> Column? {
        for index in 0..<columnCount {
            guard let column = column(at: index) else {
                isWhole = false
                continue
            }
            guard column.code == code.rawValue else { continue }
            if column.count == rows { return column }
            isWhole = false
        }
        return nil
    }

    /// The values of a column, of each row `usual` where the column is absent.
    mutating func values<T: FixedWidthInteger>(_ code: ColumnsFormat.Column, usual: T) -> [T] {
        guard let column = column(code) else { return Array(repeating: usual, count: rows) }
        return decode(column)
    }

    /// The value of one row.
    mutating func value(_ code: ColumnsFormat.Column, row: Int, usual: UInt64) -> UInt64 {
        guard let column = column(code), row >= 0 && row < rows,
            let start = unsafe bytes.baseAddress
        else { return usual }
        let data = unsafe start + column.offset
        guard column.isSums else {
            let packed = unsafe PackedIntegers.value(data, row, width: column.width)
            return column.base &+ column.scale &* packed
        }
        var sum = unsafe bytes.integer(at: column.offset, as: UInt64.self)
        for index in 0..<row {
            let packed = unsafe PackedIntegers.value(data + 8, index, width: column.width)
            sum = sum &+ column.base &+ column.scale &* packed
        }
        return sum
    }

    private func decode<T: FixedWidthInteger>(_ column: Column) -> [T] {
        guard let start = unsafe bytes.baseAddress else { return [] }
        let data = unsafe start + column.offset
        return unsafe [T](unsafeUninitializedCapacity: column.count) { out, filled in
            filled = column.count
            guard let target = out.baseAddress, column.count > 0 else { return }
            if column.isSums {
                unsafe PackedIntegers.unpackSums(
                    data + 8, count: column.count, width: column.width, scale: column.scale,
                    step: column.base, first: bytes.integer(at: column.offset), into: target)
            } else {
                unsafe PackedIntegers.unpack(
                    data, count: column.count, width: column.width, scale: column.scale,
                    origin: column.base, into: target)
            }
        }
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

    private func set(_ counts: Column, _ ids: Column, names: Int) -> NameSet? {
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
