import Model

/// Writes the columns file of some rows. The same rows give the same bytes.
enum ColumnsEncoder {
    static func encode(
        _ rows: some SegmentRows, payloads: PayloadLink = .journal,
        version: UInt32 = ColumnsFormat.version
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        encode(rows, payloads: payloads, version: version) { (part) throws(Never) in
            bytes.append(contentsOf: part)
        }
        return bytes
    }

    /// - Parameters:
    ///   - version: an older one only to hold a file of it against these rows.
    ///   - output: takes the file, part by part.
    static func encode<Failure: Error>(
        _ rows: some SegmentRows, payloads: PayloadLink,
        version: UInt32 = ColumnsFormat.version,
        _ output: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        try withoutActuallyEscaping(output) { (output) throws(Failure) in
            var file = ColumnsFileBuilder(rows, payloads, version, output)
            try append(rows, isArchived: payloads != .journal, to: &file)
            try file.finish()
        }
    }

    private static func append<Failure: Error>(
        _ rows: some SegmentRows, isArchived: Bool, to file: inout ColumnsFileBuilder<Failure>
    ) throws(Failure) {
        var list: [UInt8] = []
        try file.section(.data) { (file) throws(Failure) in
            let start = file.offset
            for index in 0..<rows.blockCount {
                let block = rows.block(index, .all)
                let offset = file.offset
                BlockEncoder.append(block, isArchived: isArchived, to: &file.bytes)
                list.append(integer: UInt32(offset - start))
                list.append(integer: UInt32(file.offset - offset))
                list.append(integer: block.timeBounds?.lowerBound ?? .max)
                list.append(integer: block.timeBounds?.upperBound ?? .min)
                try file.passOn()
            }
            file.bytes.append(contentsOf: repeatElement(0, count: ColumnsFormat.slackBytes))
        }
        try file.section(.blocks) { (file) throws(Failure) in file.bytes.append(contentsOf: list) }
        try file.section(.identities) { (file) throws(Failure) in
            for index in 0..<rows.blockCount {
                let block = rows.block(index, .ids)
                for row in 0..<block.rows {
                    file.bytes.append(integer: block.idHigh[row])
                    file.bytes.append(integer: block.idLow[row])
                }
                try file.passOn()
            }
        }
        try file.section(.identityIndex) { (file) throws(Failure) in
            IdentityIndex.append(to: &file.bytes) { body in forEachMessage(rows, body) }
        }
        try file.section(.days) { (file) throws(Failure) in
            for day in rows.days { file.bytes.append(integer: day) }
        }
        if !rows.controls.isEmpty {
            try file.section(.controls) { (file) throws(Failure) in
                ControlRecord.append(rows.controls, to: &file.bytes)
            }
        }
        for entry in rows.names {
            try appendNames(entry.names, of: entry.dimension, to: &file)
            try appendPostings(entry.dimension, names: entry.names.count, rows, to: &file)
        }
    }

    private static func forEachMessage(
        _ rows: some SegmentRows, _ body: (UInt32, UInt64, UInt64) -> Void
    ) {
        for index in 0..<rows.blockCount {
            let block = rows.block(index, [.ids, .topics])
            for row in 0..<block.rows where block.topics[row] != 0 {
                body(UInt32(block.firstRow + row), block.idHigh[row], block.idLow[row])
            }
        }
    }

    private static func appendNames<Failure: Error>(
        _ names: NameTableView, of dimension: Dimension,
        to file: inout ColumnsFileBuilder<Failure>
    ) throws(Failure) {
        let ids = 1...UInt32(names.count)
        var ends: [UInt32] = []
        ends.reserveCapacity(names.count)
        try file.section(.nameTexts, dimension) { (file) throws(Failure) in
            let start = file.offset
            for id in ids {
                unsafe names.withText(id) { unsafe file.bytes.append(contentsOf: $0) }
                ends.append(UInt32(file.offset - start))
            }
        }
        try file.section(.nameEnds, dimension) { (file) throws(Failure) in
            PackedArray.append(to: &file.bytes, ends)
        }
        let order = ids.sorted { left, right in
            unsafe names.withText(left) { text in
                unsafe names.withText(right) { unsafe text.order(beside: $0) < 0 }
            }
        }
        try file.section(.nameOrder, dimension) { (file) throws(Failure) in
            PackedArray.append(to: &file.bytes, order)
        }
    }

    /// Per name: how many rows have it, then the steps from row to row, from -1 on.
    private static func appendPostings<Failure: Error>(
        _ dimension: Dimension, names: Int, _ segment: some SegmentRows,
        to file: inout ColumnsFileBuilder<Failure>
    ) throws(Failure) {
        // Sorted by counting: how many rows each name has, where its rows begin, then the rows.
        var starts: [Int] = Array(repeating: 0, count: names + 2)
        eachName(dimension, segment) { id, _ in starts[Int(id) + 1] += 1 }
        for id in 1...names + 1 { starts[id] += starts[id - 1] }
        var next = starts
        var rows: [UInt32] = Array(repeating: 0, count: starts[names + 1])
        eachName(dimension, segment) { id, row in
            rows[next[Int(id)]] = UInt32(row)
            next[Int(id)] += 1
        }
        var ends: [UInt32] = []
        ends.reserveCapacity(names)
        try file.section(.postings, dimension) { (file) throws(Failure) in
            let start = file.offset
            for id in 1...names {
                PostingList.append(rows[starts[id]..<starts[id + 1]], to: &file.bytes)
                ends.append(UInt32(file.offset - start))
                try file.passOn()
            }
        }
        try file.section(.postingEnds, dimension) { (file) throws(Failure) in
            PackedArray.append(to: &file.bytes, ends)
        }
    }

    /// Calls `body` with each name of `dimension`, and its row in the segment, by row.
    private static func eachName(
        _ dimension: Dimension, _ rows: some SegmentRows, _ body: (UInt32, Int) -> Void
    ) {
        for index in 0..<rows.blockCount {
            let block = rows.block(index, dimension == .topic ? .topics : .set(of: dimension))
            if dimension == .topic {
                for row in 0..<block.rows where block.topics[row] != 0 {
                    body(block.topics[row], block.firstRow + row)
                }
            } else if let set = block.set(of: dimension) {
                for row in 0..<block.rows {
                    for entry in set.offsets[row]..<set.offsets[row + 1] {
                        body(set.ids[Int(entry)], block.firstRow + row)
                    }
                }
            }
        }
    }
}
