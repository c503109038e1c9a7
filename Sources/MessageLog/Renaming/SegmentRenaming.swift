import Disk
import Model

/// Finds the names of a message in its payload: calls the function with each, and says whether the
/// payload is one; where it is none, its row keeps the names that it has.
package typealias NameFinding = (
    _ payload: UnsafeRawBufferPointer,
    _ found: (Dimension, UnsafeRawBufferPointer) -> Void
) -> Bool

/// Writes the columns of one archived segment anew, with other names for its messages.
///
/// All but the sets of names stays as it is: topics, times and ids, which payloads lack and get
/// back from the columns, and with them every payload's place in the archive. So the new file takes
/// the old one's name in one step, and either goes with the archive.
struct SegmentRenaming {
    private let segment: Segment
    private let archive: ArchiveFile
    private var reader: PayloadReader
    private var found: FoundNames

    init(_ segment: Segment, _ archive: ArchiveFile) {
        self.segment = segment
        self.archive = archive
        reader = PayloadReader(segment)
        found = FoundNames(rows: segment.rows)
    }

    /// The new columns, in memory.
    mutating func make(_ find: NameFinding) throws(LogError) -> ActiveView {
        // In the order of the archive, so that each of its blocks is decompressed once.
        for row in messagesByPosition() where row >= 0 { try unsafe read(row, find) }
        return renamed()
    }

    /// What the file of a view holds beside the archive.
    func encoded(_ view: ActiveView) -> [UInt8] {
        ColumnsEncoder.encode(view, payloads: .archive(fingerprint: archive.fingerprint))
    }

    /// By place in the archive: the row, or -1 where it is no message.
    private func messagesByPosition() -> [Int] {
        var rows = [Int](repeating: -1, count: segment.rows)
        for index in 0..<segment.columns.blockCount {
            let block = segment.columns.block(index, [.positions, .topics])
            for row in 0..<block.rows where block.topics[row] != 0 {
                let position = Int(clamping: block.positions[row])
                precondition(position < rows.count, "columns that hold have places in the archive")
                rows[position] = block.firstRow + row
            }
        }
        return rows
    }

    private mutating func read(_ row: Int, _ find: NameFinding) throws(LogError) {
        let payload = try reader.payload(ofRow: row)
        // One that was lost says nothing.
        guard !payload.isEmpty else { return }
        found.begin(row)
        let isMessage = unsafe payload.withUnsafeBytes { bytes in
            unsafe find(bytes) { dimension, text in unsafe found.add(dimension, text) }
        }
        if !isMessage { found.forget(row) }
    }

    /// The blocks with their new sets. Names get their ids in the order of the rows, as they would
    /// have had they been found on entry.
    private func renamed() -> ActiveView {
        let columns = segment.columns
        var names = RenamedNames(topicsOf: columns)
        var blocks: [ColumnBlock] = []
        for index in 0..<columns.blockCount {
            let block = columns.block(index, .all)
            var sets = RenamedSets(rows: block.rows)
            for row in 0..<block.rows {
                let known = found.names(ofRow: block.firstRow + row)
                for (dimension, id) in known ?? [] {
                    sets.add(dimension, names.id(dimension, found, id), row)
                }
                for set in block.sets where known == nil || set.dimension == .signature {
                    for id in set.names.ids(ofRow: row) {
                        sets.add(set.dimension, names.id(set.dimension, columns, id), row)
                    }
                }
            }
            blocks.append(block.with(sets.finish()))
        }
        return ActiveView(
            rows: columns.rows, firstSequence: columns.firstSequence,
            blockRows: columns.blockRows, full: blocks, last: nil, names: names.viewsByDimension,
            identities: IdentityTable(), days: columns.days, timeBounds: columns.timeBounds,
            controls: columns.controls)
    }
}

/// The names that were found, by row, in whatever order rows were looked at.
private struct FoundNames {
    private var tables: [Dimension: NameTable] = [:]
    private var lists: [(dimension: Dimension, id: UInt32)] = []
    /// Where a row's names begin in `lists`, and how many they are; nil where it keeps its own.
    private var places: [(start: Int, count: Int)?]
    private var row = 0

    init(rows: Int) { places = Array(repeating: nil, count: rows) }

    mutating func begin(_ row: Int) {
        self.row = row
        places[row] = (lists.count, 0)
    }

    mutating func add(_ dimension: Dimension, _ text: UnsafeRawBufferPointer) {
        lists.append((dimension, unsafe tables[dimension, default: NameTable()].intern(text)))
        places[row]?.count += 1
    }

    mutating func forget(_ row: Int) { places[row] = nil }

    func names(ofRow row: Int) -> ArraySlice<(dimension: Dimension, id: UInt32)>? {
        places[row].map { lists[$0.start..<$0.start + $0.count] }
    }

    func view(_ dimension: Dimension) -> NameTableView? { tables[dimension]?.view() }
}

/// The names of the new columns.
private struct RenamedNames {
    private var tables: [Dimension: NameTable] = [:]
    /// The new id of a name that was found, or of one that was there: 0 where it has none yet.
    private var newIDs: [Dimension: [UInt32]] = [:]
    private var keptIDs: [Dimension: [UInt32]] = [:]
    private var views: [Dimension: NameTableView] = [:]

    /// Topics keep their ids.
    init(topicsOf columns: SegmentColumns) {
        var topics = NameTable()
        for id in stride(from: 1, through: columns.names.count(of: .topic), by: 1) {
            unsafe columns.names.withText(of: .topic, UInt32(id)) { text in
                _ = unsafe topics.intern(text)
            }
        }
        if topics.count > 0 { tables[.topic] = topics }
    }

    /// The id of a name that was found.
    mutating func id(_ dimension: Dimension, _ found: FoundNames, _ id: UInt32) -> UInt32 {
        if let known = Self.known(newIDs[dimension], id) { return known }
        guard let view = views[dimension] ?? found.view(dimension) else {
            preconditionFailure("a name that was found has a text")
        }
        views[dimension] = view
        let made = unsafe view.withText(id) { text in
            unsafe tables[dimension, default: NameTable()].intern(text)
        }
        Self.note(&newIDs[dimension, default: []], id, made)
        return made
    }

    /// The id of a name that a row keeps.
    mutating func id(_ dimension: Dimension, _ columns: SegmentColumns, _ id: UInt32) -> UInt32 {
        if let known = Self.known(keptIDs[dimension], id) { return known }
        let made = unsafe columns.names.withText(of: dimension, id) { text in
            unsafe tables[dimension, default: NameTable()].intern(text)
        }
        Self.note(&keptIDs[dimension, default: []], id, made)
        return made
    }

    private static func known(_ ids: [UInt32]?, _ id: UInt32) -> UInt32? {
        guard let ids, Int(id) < ids.count, ids[Int(id)] != 0 else { return nil }
        return ids[Int(id)]
    }

    private static func note(_ ids: inout [UInt32], _ id: UInt32, _ made: UInt32) {
        while ids.count <= Int(id) { ids.append(0) }
        ids[Int(id)] = made
    }

    var viewsByDimension: [ActiveView.DimensionNames] {
        tables.sorted { $0.key < $1.key }.map {
            ActiveView.DimensionNames(dimension: $0.key, names: $0.value.view())
        }
    }
}

/// The sets of one block, row by row.
private struct RenamedSets {
    private let rows: Int
    private var sets: [Dimension: (offsets: [UInt32], ids: [UInt32])] = [:]

    init(rows: Int) { self.rows = rows }

    /// - Parameter row: no smaller than that of the call before.
    mutating func add(_ dimension: Dimension, _ id: UInt32, _ row: Int) {
        var set = sets.removeValue(forKey: dimension) ?? ([0], [])
        // The rows since the last one with a name have empty sets.
        while set.offsets.count <= row { set.offsets.append(UInt32(set.ids.count)) }
        set.ids.append(id)
        sets[dimension] = set
    }

    func finish() -> [ColumnBlock.DimensionSet] {
        sets.sorted { $0.key < $1.key }.map { dimension, set in
            let end = UInt32(set.ids.count)
            let offsets = set.offsets + repeatElement(end, count: rows + 1 - set.offsets.count)
            return .init(dimension: dimension, names: NameSet(offsets: offsets, ids: set.ids))
        }
    }
}

extension ColumnBlock {
    /// The same rows with other names.
    fileprivate func with(_ sets: [DimensionSet]) -> ColumnBlock {
        ColumnBlock(
            firstRow: firstRow, rows: rows, times: times, topics: topics, flags: flags,
            kinds: kinds, idForms: idForms, idHigh: idHigh, idLow: idLow, positions: positions,
            sets: sets, timeBounds: timeBounds)
    }
}
