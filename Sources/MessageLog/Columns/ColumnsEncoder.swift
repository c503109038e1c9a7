import Model

/// Writes the columns file of a view of memory. The same rows give the same bytes.
enum ColumnsEncoder {
    static func encode(_ view: ActiveView, payloads: PayloadLink = .journal) -> [UInt8] {
        var file = ColumnsFileBuilder(view, payloads)
        let blocks = (0..<view.blockCount).map(view.block)
        var list: [UInt8] = []
        file.section(.data) { bytes in
            let start = bytes.count
            for block in blocks {
                let offset = bytes.count - start
                BlockEncoder.append(block, to: &bytes)
                list.append(integer: UInt32(offset))
                list.append(integer: UInt32(bytes.count - start - offset))
                list.append(integer: block.timeBounds?.lowerBound ?? .max)
                list.append(integer: block.timeBounds?.upperBound ?? .min)
            }
            bytes.append(contentsOf: repeatElement(0, count: ColumnsFormat.slackBytes))
        }
        file.section(.blocks) { $0.append(contentsOf: list) }
        file.section(.identities) { bytes in
            bytes.reserveCapacity(bytes.count + view.rows * 16)
            for block in blocks {
                for row in 0..<block.rows {
                    bytes.append(integer: block.idHigh[row])
                    bytes.append(integer: block.idLow[row])
                }
            }
        }
        file.section(.identityIndex) {
            IdentityIndex.append(to: &$0) { body in forEachMessage(blocks, body) }
        }
        file.section(.days) { bytes in
            for day in view.days { bytes.append(integer: day) }
        }
        if !view.controls.isEmpty {
            file.section(.controls) { ControlRecord.append(view.controls, to: &$0) }
        }
        for entry in view.names {
            appendNames(entry.names, of: entry.dimension, to: &file)
            appendPostings(entry.dimension, names: entry.names.count, blocks, to: &file)
        }
        return file.finish()
    }

    private static func forEachMessage(
        _ blocks: [ColumnBlock], _ body: (UInt32, UInt64, UInt64) -> Void
    ) {
        for block in blocks {
            for row in 0..<block.rows where block.topics[row] != 0 {
                body(UInt32(block.firstRow + row), block.idHigh[row], block.idLow[row])
            }
        }
    }

    private static func appendNames(
        _ names: NameTableView, of dimension: Dimension, to file: inout ColumnsFileBuilder
    ) {
        let ids = 1...UInt32(names.count)
        var ends: [UInt32] = []
        ends.reserveCapacity(names.count)
        file.section(.nameTexts, dimension) { bytes in
            let start = bytes.count
            for id in ids {
                unsafe names.withText(id) { unsafe bytes.append(contentsOf: $0) }
                ends.append(UInt32(bytes.count - start))
            }
        }
        file.section(.nameEnds, dimension) { PackedArray.append(to: &$0, ends) }
        let order = ids.sorted { left, right in
            unsafe names.withText(left) { text in
                unsafe names.withText(right) { unsafe text.order(beside: $0) < 0 }
            }
        }
        file.section(.nameOrder, dimension) { PackedArray.append(to: &$0, order) }
    }

    /// Per name: how many rows have it, then the steps from row to row, from -1 on.
    private static func appendPostings(
        _ dimension: Dimension, names: Int, _ blocks: [ColumnBlock],
        to file: inout ColumnsFileBuilder
    ) {
        // Sorted by counting: how many rows each name has, where its rows begin, then the rows.
        var starts: [Int] = Array(repeating: 0, count: names + 2)
        for block in blocks { eachName(dimension, block) { id, _ in starts[Int(id) + 1] += 1 } }
        for id in 1...names + 1 { starts[id] += starts[id - 1] }
        var next = starts
        var rows: [UInt32] = Array(repeating: 0, count: starts[names + 1])
        for block in blocks {
            eachName(dimension, block) { id, row in
                rows[next[Int(id)]] = UInt32(row)
                next[Int(id)] += 1
            }
        }
        var ends: [UInt32] = []
        ends.reserveCapacity(names)
        file.section(.postings, dimension) { bytes in
            let start = bytes.count
            for id in 1...names {
                PostingList.append(rows[starts[id]..<starts[id + 1]], to: &bytes)
                ends.append(UInt32(bytes.count - start))
            }
        }
        file.section(.postingEnds, dimension) { PackedArray.append(to: &$0, ends) }
    }

    /// Calls `body` with each name of `dimension` in a block, and its row in the segment.
    private static func eachName(
        _ dimension: Dimension, _ block: ColumnBlock, _ body: (UInt32, Int) -> Void
    ) {
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

/// The frame of a columns file: header, sections, directory, trailer.
struct ColumnsFileBuilder {
    private var bytes: [UInt8] = []
    private var directory: [UInt8] = []
    private var sections = 0

    /// What a row usually takes, so that the bytes need not be moved as they grow.
    private static let rowBytesUsual = 36

    init(_ view: ActiveView, _ payloads: PayloadLink) {
        bytes.reserveCapacity(view.rows * Self.rowBytesUsual)
        bytes.append(integer: ColumnsFormat.magic)
        bytes.append(integer: ColumnsFormat.version)
        bytes.append(integer: UInt32(view.blockRows))
        bytes.append(integer: view.firstSequence)
        bytes.append(integer: UInt32(view.rows))
        bytes.append(integer: UInt32(0))
        bytes.append(integer: view.timeBounds?.lowerBound ?? .max)
        bytes.append(integer: view.timeBounds?.upperBound ?? .min)
        switch payloads {
        case .journal: bytes.append(contentsOf: repeatElement(0, count: 12))
        case .archive(let fingerprint):
            bytes.append(integer: UInt32(1))
            bytes.append(integer: fingerprint)
            bytes.append(integer: UInt32(0))
        case .dropped:
            bytes.append(integer: UInt32(2))
            bytes.append(contentsOf: repeatElement(0, count: 8))
        }
        bytes.append(integer: Checksum.crc32c(bytes))
        precondition(bytes.count == ColumnsFormat.headerBytes, "the header has its size")
    }

    /// Appends what `fill` appends as a section, at a multiple of 8 bytes.
    mutating func section(
        _ kind: ColumnsFormat.Section, _ dimension: Dimension = .topic,
        _ fill: (inout [UInt8]) -> Void
    ) {
        align()
        let start = bytes.count
        fill(&bytes)
        directory.append(kind.rawValue)
        directory.append(dimension.code)
        directory.append(integer: UInt16(0))
        directory.append(
            integer: unsafe bytes.withUnsafeBytes {
                unsafe Checksum.crc32c(UnsafeRawBufferPointer(rebasing: $0[start...]))
            })
        directory.append(integer: UInt64(start))
        directory.append(integer: UInt64(bytes.count - start))
        sections += 1
    }

    consuming func finish() -> [UInt8] {
        align()
        var checksums: [UInt8] = []
        CheckedPieces.append(to: &checksums, of: bytes[...])
        section(.pieces) { $0.append(contentsOf: checksums) }
        align()
        var trailer: [UInt8] = []
        trailer.append(integer: UInt64(bytes.count))
        trailer.append(integer: UInt32(sections))
        trailer.append(integer: Checksum.crc32c(directory))
        trailer.append(integer: UInt32(0))
        trailer.append(integer: Checksum.crc32c(trailer))
        trailer.append(integer: ColumnsFormat.endMagic)
        bytes.append(contentsOf: directory)
        bytes.append(contentsOf: trailer)
        return bytes
    }

    private mutating func align() {
        bytes.append(contentsOf: repeatElement(0, count: (8 - bytes.count % 8) % 8))
    }
}
