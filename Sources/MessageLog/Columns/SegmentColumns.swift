import Disk
import Model

/// What every count needs of a segment: one row per record, in log order. Immutable, for any
/// number of threads; either a view of the segment being written or a mapped columns file.
package final class SegmentColumns: Sendable {
    enum Backing: Sendable {
        case active(ActiveView)
        case sealed(ColumnsFile)
    }

    /// What cannot be read and this stands in for: rows of which every reading notes it.
    struct StandIn: Sendable {
        let damage: Damage
        let notes: DamageNotes
    }

    private let read: Backing
    private let standIn: StandIn?
    package let rows: Int
    /// The sequence of row 0.
    package let firstSequence: UInt64
    /// From the earliest to the latest time, in microseconds, of the messages (rows with a topic);
    /// nil if there are none.
    package let timeBounds: ClosedRange<Int64>?
    package let blockCount: Int

    init(_ view: ActiveView) {
        read = .active(view)
        standIn = nil
        rows = view.rows
        firstSequence = view.firstSequence
        timeBounds = view.timeBounds
        blockCount = view.blockCount
    }

    private init(_ file: ColumnsFile) {
        read = .sealed(file)
        standIn = nil
        rows = file.rows
        firstSequence = file.firstSequence
        timeBounds = file.timeBounds
        blockCount = file.blockCount
    }

    /// Rows of which nothing can be read. Their times may be any, so no question passes them over.
    init(standingInFor rows: Int, from firstSequence: UInt64, _ damage: Damage, notes: DamageNotes)
    {
        standIn = StandIn(damage: damage, notes: notes)
        self.rows = rows
        self.firstSequence = firstSequence
        timeBounds = Self.anyTime
        blockCount = 1
        read = .active(
            ActiveView(
                rows: rows, firstSequence: firstSequence, blockRows: rows,
                full: [.gap(firstRow: 0, rows: rows, timeBounds: Self.anyTime)], last: nil,
                names: [], identities: IdentityTable(), days: [], timeBounds: Self.anyTime,
                controls: []))
    }

    /// From the oldest time that is accepted to the year 2100.
    private static let anyTime =
        Limits.timestampSecondsMin * 1_000_000...4_102_444_800 * 1_000_000

    /// Whether nothing of them can be read.
    package var isStandIn: Bool { standIn != nil }

    /// What is read; of what cannot be read, that is noted.
    var backing: Backing {
        if let standIn { standIn.notes.add(standIn.damage) }
        return read
    }

    /// Opens a columns file in place.
    ///
    /// Checks the header, the directory and the small sections at once (all that is needed to find
    /// the rest); the rest piece by piece, when it is first read. Reading a damaged piece notes it
    /// and gives wrong values, never a read out of bounds or a value out of range.
    /// - Parameters:
    ///   - path: for the report of damage.
    ///   - notes: where damage is noted that readers come upon later.
    package static func open(
        _ mapped: MappedBytes, path: String = "columns", notes: DamageNotes = DamageNotes()
    ) throws(ColumnsError) -> SegmentColumns {
        SegmentColumns(try ColumnsFile(mapped, path, notes))
    }

    /// Checks every checksum and decodes every block. A view of memory has nothing to check.
    package func verify() throws(ColumnsError) {
        if case .sealed(let file) = backing { try file.verify() }
    }

    /// Whether the texts of all names are as they were written.
    var namesAreWhole: Bool {
        switch backing {
        case .active: true
        case .sealed(let file): file.namesAreWhole
        }
    }

    /// The file, where they are one's.
    var file: ColumnsFile? {
        if case .sealed(let file) = read { file } else { nil }
    }

    /// How often readers of this log have come upon damage in columns files.
    package var damageNoted: Int { file?.notes.count ?? 0 }

    /// Whether they are a file's, and not in memory.
    var isSealed: Bool {
        if case .sealed = read { true } else { false }
    }

    /// The file's size; 0 of a view of memory.
    var fileBytes: Int {
        switch read {
        case .active: 0
        case .sealed(let file): unsafe file.bytes.count
        }
    }

    /// Where the rows' payloads are.
    var payloads: PayloadLink {
        switch read {
        case .active: .journal
        case .sealed(let file): file.payloads
        }
    }

    /// The columns file of these rows: for a view of memory made now, else the bytes as they are.
    package func encoded() -> [UInt8] { encoded(version: ColumnsFormat.version) }

    /// - Parameter version: of the format, where the file is made now.
    func encoded(version: UInt32) -> [UInt8] {
        switch backing {
        case .active(let view): ColumnsEncoder.encode(view, version: version)
        case .sealed(let file): unsafe Array(file.bytes)
        }
    }

    /// The version of the file's format, or of the one that would be made.
    var version: UInt32 {
        switch read {
        case .active: ColumnsFormat.version
        case .sealed(let file): file.version
        }
    }

    /// From the earliest to the latest time of a block's messages; nil if it has none.
    package func blockBounds(_ block: Int) -> ClosedRange<Int64>? {
        precondition(block >= 0 && block < blockCount, "block \(block) of \(blockCount)")
        switch backing {
        case .active(let view): return view.block(block).timeBounds
        case .sealed(let file): return file.blockBounds(block)
        }
    }

    /// The blocks among which all messages of a span of time are, those that lie apart left out.
    /// - Parameters:
    ///   - lower: the first moment, in microseconds.
    ///   - upper: the moment behind the last one.
    package func blocks(from lower: Int64, to upper: Int64) -> Range<Int> {
        guard case .sealed(let file) = backing else { return 0..<blockCount }
        return file.timeOrder.blocks(from: lower, to: upper)
    }

    /// The rows that the blocks before this one have.
    package func firstRow(ofBlock block: Int) -> Int { block * blockRows }

    /// Rows in each block but the last.
    package var blockRows: Int {
        switch read {
        case .active(let view): view.blockRows
        case .sealed(let file): file.blockRows
        }
    }

    /// One block, with at least the columns that are wanted.
    package func block(_ index: Int, _ wanted: ColumnSelection) -> ColumnBlock {
        precondition(index >= 0 && index < blockCount, "block \(index) of \(blockCount)")
        switch backing {
        case .active(let view): return view.block(index)
        case .sealed(let file): return file.decodeBlock(index, wanted).block
        }
    }

    package var names: SegmentNames { SegmentNames(self) }

    /// The days since 1970-01-01 UTC that messages fall on, ascending.
    package var days: [Int64] {
        switch backing {
        case .active(let view): view.days
        case .sealed(let file): file.days
        }
    }

    /// The records that are no messages and say something, by row.
    package var controls: [ControlRecord] {
        switch read {
        case .active(let view): view.controls
        case .sealed(let file): file.controls
        }
    }

    /// The rows that have a name, to be searched; nil where none are kept: in a view of memory, and
    /// of a dimension without names.
    /// - Parameter id: a local name id of `dimension`; an unknown one has no rows.
    package func postingCursor(_ dimension: Dimension, _ id: UInt32) -> PostingCursor? {
        guard case .sealed(let file) = backing, let names = file.dimension(dimension) else {
            return nil
        }
        return PostingCursor(names.postings(id, rows: rows), file)
    }

    /// How many rows have a name; nil where that is not kept (a view of memory).
    package func occurrences(_ dimension: Dimension, _ id: UInt32) -> Int? {
        switch backing {
        case .active: return nil
        case .sealed(let file):
            return file.dimension(dimension)?.postings(id, rows: rows).count ?? 0
        }
    }

    /// The rows of the messages with an id, ascending.
    package func rows(withID id: MessageID) -> [Int] {
        var found: [Int] = []
        switch backing {
        case .active(let view):
            _ = view.firstRow(id) { block, row in
                if block.id(ofRow: row) == id { found.append(block.firstRow + row) }
                return false
            }
        case .sealed(let file):
            _ = file.firstRow(id) { row in
                found.append(row)
                return false
            }
        }
        return found
    }

    /// The first row of a message with `id` that is the same as one at `time`; nil if none is.
    /// - Parameter arrivalTime: whether `time` is the arrival's for lack of a timestamp.
    package func duplicate(of id: MessageID, at time: Timestamp, arrivalTime: Bool) -> Int? {
        switch backing {
        case .active(let view):
            return view.firstRow(id) { block, row in
                block.isDuplicate(row, of: id, at: time, arrivalTime: arrivalTime)
            }
        case .sealed(let file):
            return file.firstRow(id) { row in
                DuplicateWindow.holds(
                    file.time(ofRow: row), time.microseconds,
                    timeless: arrivalTime
                        || file.flags(ofRow: row) & Record.Flags.arrivalTime != 0)
            }
        }
    }

    /// Where a row's record stands in its journal, in bytes, or its payload in the archive's order.
    package func position(ofRow row: Int) -> UInt64 {
        var reader = RowReader(self)
        return reader.position(ofRow: row)
    }

    /// The id of a row whose id has that form; the row is one of a columns file.
    func id(ofRow row: Int, form: UInt16) -> MessageID {
        guard case .sealed(let file) = backing else {
            preconditionFailure("blocks of memory hold their ids")
        }
        return file.id(ofRow: row, form: form)
    }
}
