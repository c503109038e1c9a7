import Model

/// Writes one block: a list of columns, then their packed data.
///
///     0  u32 number of columns
///     4  columns, 24 bytes each: u8 column, u8 dimension, u8 width in bits, u8 mode,
///        u32 count, u32 offset of the data in the block, u32 scale, u64 base
///
/// Mode 0: base + scale x packed integer. Mode 1: the data begins with the values of every 128th
/// row from the first on (i64 each); packed are the steps: each row's value is that of the row
/// before + base + scale x packed integer.
enum BlockEncoder {
    /// - Parameter isArchived: whether positions are places in an archive's order.
    static func append(_ block: ColumnBlock, isArchived: Bool, to bytes: inout [UInt8]) {
        var columns: [Column] = []
        columns.append(Column(.times, block.times.map(UInt64.init(bitPattern:)), ordered: true))
        columns.append(Column(.topics, block.topics.map(UInt64.init)))
        if block.flags.contains(where: { $0 != 0 }) {
            columns.append(Column(.flags, block.flags.map(UInt64.init)))
        }
        if block.kinds.contains(where: { $0 != Record.Kind.message }) {
            columns.append(Column(.kinds, block.kinds.map(UInt64.init)))
        }
        columns.append(Column(.idForms, block.idForms.map(UInt64.init)))
        if isArchived,
            let firsts = TopicPlaces.firsts(topics: block.topics, positions: block.positions)
        {
            columns.append(Column(.topicPlaces, firsts, ordered: true))
        } else {
            columns.append(Column(.positions, block.positions, ordered: true))
        }
        for set in block.sets {
            let offsets = set.names.offsets
            let counts = (0..<block.rows).map { UInt64(offsets[$0 + 1] - offsets[$0]) }
            columns.append(Column(.setCounts, counts, set.dimension))
            columns.append(Column(.setIDs, set.names.ids.map(UInt64.init), set.dimension))
        }
        let start = bytes.count
        bytes.append(integer: UInt32(columns.count))
        var offset = 4 + columns.count * ColumnsFormat.columnEntryBytes
        for column in columns {
            column.appendEntry(to: &bytes, offset: offset)
            offset += column.data.count
        }
        for column in columns { bytes.append(contentsOf: column.data) }
        precondition(bytes.count - start == offset, "a block's columns lie where its list says")
    }

    /// One column, packed as narrowly as base, scale and steps allow.
    private struct Column {
        let code: ColumnsFormat.Column
        let dimension: Dimension
        let count: Int
        private(set) var width = 0
        private(set) var isSums = false
        private(set) var scale: UInt64 = 1
        private(set) var base: UInt64 = 0
        private(set) var data: [UInt8] = []

        /// - Parameters:
        ///   - values: in two's complement where they may be negative.
        ///   - ordered: whether neighbours are near each other, so that steps may be narrower.
        init(
            _ code: ColumnsFormat.Column, _ values: [UInt64],
            _ dimension: Dimension = .topic, ordered: Bool = false
        ) {
            self.code = code
            self.dimension = dimension
            count = values.count
            let plain = Packing(values)
            if ordered, let steps = Self.steps(of: values) {
                let sums = Packing(steps)
                let known = stride(from: 0, to: values.count, by: ColumnsFormat.sumRows)
                let knownBits = known.underestimatedCount * 64
                if sums.width * steps.count + knownBits < plain.width * values.count {
                    isSums = true
                    for row in known { data.append(integer: values[row]) }
                    take(sums, steps)
                    return
                }
            }
            take(plain, values)
        }

        private mutating func take(_ packing: Packing, _ values: [UInt64]) {
            (width, scale, base) = (packing.width, packing.scale, packing.base)
            PackedIntegers.append(to: &data, count: values.count, width: width) {
                (values[$0] &- packing.base) / packing.scale
            }
        }

        /// The differences of neighbours; nil if one of them is out of range.
        private static func steps(of values: [UInt64]) -> [UInt64]? {
            guard values.count > 1 else { return nil }
            var steps: [UInt64] = []
            steps.reserveCapacity(values.count - 1)
            for index in 1..<values.count {
                let step = Int64(bitPattern: values[index])
                    .subtractingReportingOverflow(Int64(bitPattern: values[index - 1]))
                if step.overflow { return nil }
                steps.append(UInt64(bitPattern: step.partialValue))
            }
            return steps
        }

        func appendEntry(to bytes: inout [UInt8], offset: Int) {
            bytes.append(code.rawValue)
            bytes.append(dimension.code)
            bytes.append(UInt8(width))
            bytes.append(isSums ? 1 : 0)
            bytes.append(integer: UInt32(count))
            bytes.append(integer: UInt32(offset))
            bytes.append(integer: UInt32(scale))
            bytes.append(integer: base)
        }
    }

    /// Base, scale and width that suit some values: base the least, scale what divides all
    /// distances from it.
    private struct Packing {
        let base: UInt64
        let scale: UInt64
        let width: Int

        init(_ values: [UInt64]) {
            var least = Int64.max
            var most = Int64.min
            for value in values {
                least = min(least, Int64(bitPattern: value))
                most = max(most, Int64(bitPattern: value))
            }
            guard !values.isEmpty else {
                (base, scale, width) = (0, 1, 0)
                return
            }
            base = UInt64(bitPattern: least)
            let range = UInt64(bitPattern: most) &- base
            scale = Self.divisor(of: values, from: base)
            width = PackedIntegers.width(for: range / scale)
        }

        private static func divisor(of values: [UInt64], from base: UInt64) -> UInt64 {
            var divisor: UInt64 = 0
            for value in values {
                var rest = value &- base
                if divisor != 0 { rest %= divisor }
                if rest == 0 { continue }
                while rest != 0 { (divisor, rest) = (rest, divisor % rest) }
                if divisor == 1 { return 1 }
            }
            return divisor == 0 || divisor > UInt64(UInt32.max) ? 1 : divisor
        }
    }
}
