import Disk
import Model
import Synchronization

/// A mapped columns file. Held in memory are the mapping and where each section lies.
@safe
final class ColumnsFile: @unchecked Sendable {
    private let mapped: MappedBytes
    private let sections: ColumnsSections
    private let blockList: UnsafeRawBufferPointer
    private let data: UnsafeRawBufferPointer
    private let identities: UnsafeRawBufferPointer
    private let dayList: UnsafeRawBufferPointer
    private let index: IdentityIndex
    private let pieces: CheckedPieces
    let notes: DamageNotes
    let dimensions: [SealedDimension]
    let controls: [ControlRecord]
    let blockCount: Int
    let timeOrder: BlockTimeOrder
    let topicNames: Int
    /// Made when it is first wanted.
    private let archiveStarts = Mutex<[UInt64]?>(nil)

    var version: UInt32 { sections.version }
    var rows: Int { sections.rows }
    var firstSequence: UInt64 { sections.firstSequence }
    var blockRows: Int { sections.blockRows }
    var timeBounds: ClosedRange<Int64>? { sections.timeBounds }
    var payloads: PayloadLink { sections.payloads }
    var bytes: UnsafeRawBufferPointer { unsafe mapped.bytes }

    init(
        _ mapped: MappedBytes, _ path: String, _ notes: DamageNotes
    ) throws(ColumnsError) {
        self.mapped = mapped
        self.notes = notes
        let sections = try unsafe ColumnsSections(mapped.bytes)
        self.sections = sections
        blockCount = (sections.rows + sections.blockRows - 1) / sections.blockRows
        let blocks = try sections.section(.blocks)
        let data = try sections.section(.data)
        let ids = try sections.section(.identities)
        let days = try sections.section(.days)
        let checksums = try sections.section(.pieces)
        try sections.check(blocks)
        try sections.check(days)
        try sections.check(checksums)
        unsafe blockList = sections.region(of: blocks)
        unsafe self.data = sections.region(of: data)
        unsafe identities = sections.region(of: ids)
        unsafe dayList = sections.region(of: days)
        guard blocks.range.count == blockCount * ColumnsFormat.blockEntryBytes else {
            throw ColumnsError(
                .structure("not \(blockCount) blocks"), blocks.kind.name,
                at: blocks.range.lowerBound)
        }
        guard ids.range.count == sections.rows * 16 else {
            throw ColumnsError(
                .structure("not \(sections.rows) ids"), ids.kind.name, at: ids.range.lowerBound)
        }
        guard
            let pieces = unsafe CheckedPieces(
                mapped.bytes, checksums: sections.region(of: checksums),
                end: checksums.range.lowerBound, notes: notes, path: path,
                firstSequence: sections.firstSequence, rows: sections.rows)
        else {
            throw ColumnsError(
                .structure("not one for each piece"), checksums.kind.name,
                at: checksums.range.lowerBound)
        }
        self.pieces = pieces
        let indexSection = try sections.section(.identityIndex)
        guard let index = unsafe IdentityIndex(sections.region(of: indexSection), pieces) else {
            throw ColumnsError(
                .structure("parts past its end"), indexSection.kind.name,
                at: indexSection.range.lowerBound)
        }
        self.index = index
        controls = try Self.controls(sections)
        dimensions = try Self.dimensions(sections, pieces)
        topicNames = dimensions.first { $0.dimension == .topic }?.nameCount ?? 0
        let blockList = unsafe blockList
        timeOrder = BlockTimeOrder((0..<blockCount).map { unsafe Self.bounds($0, blockList) })
        try checkBlockList(at: blocks.range.lowerBound)
    }

    private static func controls(
        _ sections: ColumnsSections
    ) throws(ColumnsError) -> [ControlRecord] {
        guard let section = sections.list.first(where: { $0.kind == .controls }) else { return [] }
        try sections.check(section)
        guard
            let list = unsafe ControlRecord.list(sections.region(of: section), rows: sections.rows)
        else {
            throw ColumnsError(
                .structure("records past its end"), section.kind.name,
                at: section.range.lowerBound)
        }
        return list
    }

    private static func dimensions(
        _ sections: ColumnsSections, _ pieces: CheckedPieces
    ) throws(ColumnsError) -> [SealedDimension] {
        var dimensions: [SealedDimension] = []
        for texts in sections.list where texts.kind == .nameTexts {
            let ends = try sections.section(.nameEnds, texts.dimension)
            let order = try sections.section(.nameOrder, texts.dimension)
            let listEnds = try sections.section(.postingEnds, texts.dimension)
            let lists = try sections.section(.postings, texts.dimension)
            guard
                let dimension = unsafe SealedDimension(
                    texts.dimension, texts: sections.region(of: texts),
                    ends: sections.region(of: ends), order: sections.region(of: order),
                    listEnds: sections.region(of: listEnds), lists: sections.region(of: lists),
                    pieces: pieces)
            else {
                throw ColumnsError(
                    .structure("counts that differ"), ends.kind.name, at: ends.range.lowerBound)
            }
            dimensions.append(dimension)
        }
        return dimensions
    }

    private func checkBlockList(at offset: Int) throws(ColumnsError) {
        for block in 0..<blockCount {
            let entry = block * ColumnsFormat.blockEntryBytes
            let start = unsafe Int(blockList.integer(at: entry, as: UInt32.self))
            let length = unsafe Int(blockList.integer(at: entry + 4, as: UInt32.self))
            guard unsafe start + length + ColumnsFormat.slackBytes <= data.count else {
                throw ColumnsError(
                    .structure("block \(block) past the end of the blocks"), "the list of blocks",
                    at: offset + entry)
            }
        }
    }

    func dimension(_ dimension: Dimension) -> SealedDimension? {
        for entry in dimensions where entry.dimension == dimension { return entry }
        return nil
    }

    func blockBounds(_ block: Int) -> ClosedRange<Int64>? {
        unsafe Self.bounds(block, blockList)
    }

    private static func bounds(
        _ block: Int, _ blockList: UnsafeRawBufferPointer
    ) -> ClosedRange<Int64>? {
        let entry = block * ColumnsFormat.blockEntryBytes
        let earliest = unsafe blockList.integer(at: entry + 8, as: Int64.self)
        let latest = unsafe blockList.integer(at: entry + 16, as: Int64.self)
        return earliest <= latest ? earliest...latest : nil
    }

    var days: [Int64] {
        unsafe (0..<dayList.count / 8).map { unsafe dayList.integer(at: $0 * 8) }
    }

    func decoder(_ block: Int) -> BlockDecoder {
        let start = unsafe Int(
            blockList.integer(at: block * ColumnsFormat.blockEntryBytes, as: UInt32.self))
        let length = unsafe Int(
            blockList.integer(at: block * ColumnsFormat.blockEntryBytes + 4, as: UInt32.self))
        unsafe pieces.touch(
            UnsafeRawBufferPointer(rebasing: data[start..<start + length + slack]))
        return unsafe BlockDecoder(
            UnsafeRawBufferPointer(rebasing: data[start...]),
            rows: min(blockRows, rows - block * blockRows))
    }

    /// The wanted columns of a block, and whether they were whole.
    func decodeBlock(
        _ index: Int, _ wanted: ColumnSelection
    ) -> (block: ColumnBlock, isWhole: Bool) {
        var decoder = decoder(index)
        let ids = wanted.contains(.ids) ? halves(firstRow: index * blockRows, decoder.rows) : nil
        let block = ColumnBlock(
            firstRow: index * blockRows, rows: decoder.rows,
            times: wanted.contains(.times) ? decoder.values(.times, usual: 0) : [],
            topics: wanted.contains(.topics) ? decoder.topics(names: topicNames) : [],
            flags: wanted.contains(.flags) ? decoder.values(.flags, usual: 0) : [],
            kinds: wanted.contains(.kinds)
                ? decoder.values(.kinds, usual: Record.Kind.message) : [],
            idForms: ids == nil ? [] : decoder.values(.idForms, usual: 0),
            idHigh: ids?.high ?? [], idLow: ids?.low ?? [],
            positions: wanted.contains(.positions) ? decoder.positions(names: topicNames) : [],
            sets: wanted.isDisjoint(with: .sets)
                ? [] : decoder.sets(wanted) { dimension($0)?.nameCount ?? 0 },
            timeBounds: blockBounds(index))
        return (block, decoder.isWhole)
    }

    private var slack: Int { ColumnsFormat.slackBytes }

    /// The ids of so many rows, checked.
    private func touchedIDs(_ row: Int, _ count: Int = 1) -> UnsafeRawBufferPointer {
        unsafe pieces.touch(
            UnsafeRawBufferPointer(rebasing: identities[row * 16..<(row + count) * 16]))
        return unsafe identities
    }

    private func halves(firstRow: Int, _ count: Int) -> (high: [UInt64], low: [UInt64]) {
        let identities = unsafe touchedIDs(firstRow, count)
        let half = { [identities = unsafe identities] (offset: Int) in
            unsafe [UInt64](unsafeUninitializedCapacity: count) { out, filled in
                for row in 0..<count {
                    unsafe out[row] = identities.integer(at: (firstRow + row) * 16 + offset)
                }
                filled = count
            }
        }
        return (half(0), half(8))
    }

    /// The first row, in ascending order, of a message with `id` of which `accept` is true.
    func firstRow(_ id: MessageID, where accept: (Int) -> Bool) -> Int? {
        index.first(id) { row in
            guard row >= 0 && row < rows,
                unsafe touchedIDs(row).integer(at: row * 16, as: UInt64.self) == id.high,
                unsafe identities.integer(at: row * 16 + 8, as: UInt64.self) == id.low,
                value(.idForms, row, usual: 0) == UInt64(id.form)
            else { return false }
            return accept(row)
        }
    }

    func time(ofRow row: Int) -> Int64 { Int64(bitPattern: value(.times, row, usual: 0)) }
    func flags(ofRow row: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: value(.flags, row, usual: 0))
    }
    /// Where the payloads of each topic begin in the archive, by the topic's local id: topics stand
    /// in the order of their texts, behind what is no message.
    var topicStarts: [UInt64] {
        if let known = archiveStarts.withLock({ $0 }) { return known }
        guard let topics = dimension(.topic) else { return [] }
        let before = notes.count
        let counts = (0...UInt32(topicNames)).map { topics.postings($0, rows: rows).count }
        var starts = Array(repeating: UInt64(0), count: topicNames + 1)
        var next = UInt64(max(0, rows - counts.reduce(0, +)))
        for id in topics.idsByText {
            starts[Int(id)] = next
            next += UInt64(counts[Int(id)])
        }
        // What was read from damaged pieces is read, and noted, again.
        if notes.count == before { archiveStarts.withLock { $0 = starts } }
        return starts
    }

    /// The id of a row whose id has that form.
    func id(ofRow row: Int, form: UInt16) -> MessageID {
        let identities = unsafe touchedIDs(row)
        return unsafe MessageID(
            form: form, high: identities.integer(at: row * 16),
            low: identities.integer(at: row * 16 + 8))
    }

    private func value(_ code: ColumnsFormat.Column, _ row: Int, usual: UInt64) -> UInt64 {
        var decoder = decoder(row / blockRows)
        return decoder.value(code, row: row % blockRows, usual: usual)
    }

    /// Whether the names are as they were, whatever stands beside them.
    var namesAreWhole: Bool {
        let kinds: [ColumnsFormat.Section] = [.nameTexts, .nameEnds, .nameOrder]
        return sections.list.filter { kinds.contains($0.kind) }.allSatisfy { section in
            (try? sections.check(section)) != nil
        }
    }

    /// Checks every checksum, decodes every block, every list.
    func verify() throws(ColumnsError) {
        for section in sections.list { try sections.check(section) }
        // What stands between sections means nothing, but the pieces around it would be refused.
        if let offset = pieces.firstDamaged {
            throw ColumnsError(.checksum, "a piece of the columns", at: offset)
        }
        for block in 0..<blockCount where !decodeBlock(block, .all).isWhole {
            throw ColumnsError(
                .structure("columns that contradict each other in block \(block)"), "the blocks",
                at: try sections.section(.data).range.lowerBound)
        }
        for dimension in dimensions {
            for id in 1...UInt32(dimension.nameCount)
            where !dimension.postings(id, rows: rows).isWhole {
                throw ColumnsError(
                    .structure("a list that does not end where it should, of name \(id)"),
                    "the posting lists",
                    at: try sections.section(.postings, dimension.dimension).range.lowerBound)
            }
        }
    }
}
