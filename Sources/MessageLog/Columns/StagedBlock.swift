import Model

/// The rows of the block that is being filled, in memory of their own: written in place, copied
/// into an immutable `ColumnBlock` at each publication and when the block is full.
@safe
final class StagedBlock {
    let capacity: Int
    private(set) var rows = 0
    private var earliest = Int64.max
    private var latest = Int64.min
    private let memory: StableMemory
    let times: UnsafeMutablePointer<Int64>
    let idHigh: UnsafeMutablePointer<UInt64>
    let idLow: UnsafeMutablePointer<UInt64>
    private let positions: UnsafeMutablePointer<UInt64>
    let topics: UnsafeMutablePointer<UInt32>
    let idForms: UnsafeMutablePointer<UInt16>
    let flags: UnsafeMutablePointer<UInt8>
    private let kinds: UnsafeMutablePointer<UInt8>

    init(capacity: Int) {
        self.capacity = capacity
        memory = StableMemory(byteCount: capacity * (4 * 8 + 4 + 2 + 2))
        let base = unsafe memory.base
        unsafe times = base.bindMemory(to: Int64.self, capacity: capacity)
        unsafe idHigh = (base + capacity * 8).bindMemory(to: UInt64.self, capacity: capacity)
        unsafe idLow = (base + capacity * 16).bindMemory(to: UInt64.self, capacity: capacity)
        unsafe positions = (base + capacity * 24).bindMemory(to: UInt64.self, capacity: capacity)
        unsafe topics = (base + capacity * 32).bindMemory(to: UInt32.self, capacity: capacity)
        unsafe idForms = (base + capacity * 36).bindMemory(to: UInt16.self, capacity: capacity)
        unsafe flags = (base + capacity * 38).bindMemory(to: UInt8.self, capacity: capacity)
        unsafe kinds = (base + capacity * 39).bindMemory(to: UInt8.self, capacity: capacity)
    }

    /// Adds one row; there must be room.
    @inline(__always)
    func append(_ record: RecordView, topic: UInt32, position: UInt64) {
        let row = rows
        let time = unsafe record.timestamp.microseconds
        let id = unsafe record.id
        unsafe times[row] = time
        unsafe topics[row] = topic
        unsafe flags[row] = record.flags
        unsafe kinds[row] = record.kind
        unsafe idForms[row] = id.form
        unsafe idHigh[row] = id.high
        unsafe idLow[row] = id.low
        unsafe positions[row] = position
        rows = row &+ 1
        if topic != 0 {
            earliest = min(earliest, time)
            latest = max(latest, time)
        }
    }

    /// The rows so far as an immutable block.
    func block(firstRow: Int, sets: [ColumnBlock.DimensionSet]) -> ColumnBlock {
        unsafe ColumnBlock(
            firstRow: firstRow, rows: rows,
            times: copy(times), topics: copy(topics), flags: copy(flags), kinds: copy(kinds),
            idForms: copy(idForms), idHigh: copy(idHigh), idLow: copy(idLow),
            positions: copy(positions), sets: sets,
            timeBounds: earliest <= latest ? earliest...latest : nil)
    }

    /// Empties the block for the rows that follow.
    func reset() {
        rows = 0
        earliest = .max
        latest = .min
    }

    private func copy<T>(_ column: UnsafeMutablePointer<T>) -> [T] {
        unsafe Array(UnsafeBufferPointer(start: column, count: rows))
    }
}

/// One dimension of the segment being written: its names, and which of them the staged rows have.
@safe
struct StagedDimension {
    let dimension: Dimension
    var names = NameTable()
    private let capacity: Int
    private var offsets: StableMemory
    private var ids = StableMemory(byteCount: 1_024 * 4)
    private var idCount = 0
    /// offsets[0...filled] are written; the rows from `filled` on have had no names yet.
    private var filled = 0

    /// - Parameter capacity: rows in a block.
    init(_ dimension: Dimension, capacity: Int) {
        self.dimension = dimension
        self.capacity = capacity
        offsets = StableMemory(byteCount: (capacity + 1) * 4)
    }

    /// Gives the staged row `row` a name, once. Rows come in ascending order.
    @inline(__always)
    mutating func append(_ text: UnsafeRawBufferPointer, row: Int) {
        let id = unsafe names.intern(text)
        fillOffsets(upTo: row)
        if rowHas(id, row) { return }
        if (idCount &+ 1) &* 4 > ids.byteCount {
            ids = ids.grown(to: ids.byteCount * 2, used: idCount * 4)
        }
        unsafe ids.base.storeBytes(of: id, toByteOffset: idCount &* 4, as: UInt32.self)
        idCount &+= 1
    }

    @inline(__always)
    private func rowHas(_ id: UInt32, _ row: Int) -> Bool {
        let start = unsafe Int(offsets.base.load(fromByteOffset: row &* 4, as: UInt32.self))
        var entry = start
        while entry < idCount {
            if unsafe ids.base.load(fromByteOffset: entry &* 4, as: UInt32.self) == id {
                return true
            }
            entry &+= 1
        }
        return false
    }

    /// The sets of the staged rows; nil if none of them has a name.
    mutating func set(rows: Int) -> ColumnBlock.DimensionSet? {
        guard idCount > 0 else { return nil }
        fillOffsets(upTo: rows)
        let starts = unsafe offsets.base.assumingMemoryBound(to: UInt32.self)
        let entries = unsafe ids.base.assumingMemoryBound(to: UInt32.self)
        return unsafe ColumnBlock.DimensionSet(
            dimension: dimension,
            names: NameSet(
                offsets: Array(UnsafeBufferPointer(start: starts, count: rows + 1)),
                ids: Array(UnsafeBufferPointer(start: entries, count: idCount))))
    }

    /// Empties the sets for the rows that follow.
    mutating func reset() {
        idCount = 0
        filled = 0
    }

    /// Rows that have come and gone without a name in this dimension get an empty set.
    @inline(__always)
    private mutating func fillOffsets(upTo row: Int) {
        while filled < row {
            filled &+= 1
            unsafe offsets.base.storeBytes(
                of: UInt32(truncatingIfNeeded: idCount), toByteOffset: filled &* 4,
                as: UInt32.self)
        }
    }
}
