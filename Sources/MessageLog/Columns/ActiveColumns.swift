import Model

/// The columns of the segment that is being written. Owned by one thread; other threads read the
/// views that `publish` gives out.
@safe
package final class ActiveColumns {
    private let firstSequence: UInt64
    private let blockRows: Int
    private var full: [ColumnBlock] = []
    private let staged: StagedBlock
    private var identities = IdentityTable()
    /// The dimensions met so far, in order of appearance; the topic is always the first. In memory
    /// of their own, so that interning a name counts no references.
    private let dimensions: UnsafeMutablePointer<StagedDimension>
    private var dimensionCount = 1
    /// By a dimension's code: its place in `dimensions` + 1, or 0.
    private let places: StableMemory
    private var days = DaysTouched()
    private var earliest = Int64.max
    private var latest = Int64.min
    private var controls: [ControlRecord] = []

    /// - Parameters:
    ///   - firstSequence: the sequence of row 0.
    ///   - blockRows: rows in a full block, 1 to 65,536.
    package init(firstSequence: UInt64, blockRows: Int = Limits.columnBlockRows) {
        precondition(blockRows >= 1 && blockRows <= 1 << 16, "a block of \(blockRows) rows")
        self.firstSequence = firstSequence
        self.blockRows = blockRows
        staged = StagedBlock(capacity: blockRows)
        unsafe dimensions = .allocate(capacity: 256)
        unsafe dimensions.initialize(to: StagedDimension(.topic, capacity: blockRows))
        places = StableMemory(byteCount: 256)
        unsafe places.base.storeBytes(of: 1, toByteOffset: 0, as: UInt8.self)
    }

    deinit {
        unsafe dimensions.deinitialize(count: dimensionCount)
        unsafe dimensions.deallocate()
    }

    /// The rows so far, published or not.
    package var rows: Int { full.count &* blockRows &+ staged.rows }

    /// Adds the row of one record.
    ///
    /// A record that is no message, or has no topic, gets topic 0, no names, and is not found by
    /// its id. Names under the category's code are ignored: categories follow from topics.
    /// - Parameter position: the record's offset in its journal, in bytes.
    package func append(_ record: RecordView, position: UInt64) {
        precondition(rows < Limits.segmentRecordsMax, "a segment past its most rows")
        let topic = unsafe appendNames(of: record)
        unsafe staged.append(record, topic: topic, position: position)
        if topic != 0 {
            let time = unsafe record.timestamp.microseconds
            earliest = min(earliest, time)
            latest = max(latest, time)
            days.touch(time)
            let row = rows &- 1
            if identities.isFull { growIdentities(rows: row) }
            identities.insert(unsafe record.id, row: row)
        } else {
            unsafe keepControl(record)
        }
        if staged.rows == blockRows { finishBlock() }
    }

    /// An immutable view of all rows so far. Full blocks are shared between views.
    package func publish() -> SegmentColumns {
        let last = staged.rows > 0 ? stagedBlock() : nil
        var names: [ActiveView.DimensionNames] = []
        names.reserveCapacity(dimensionCount)
        for place in 0..<dimensionCount {
            let dimension = unsafe dimensions[place].dimension
            let view = unsafe dimensions[place].names.view()
            if view.count > 0 { names.append(.init(dimension: dimension, names: view)) }
        }
        names.sort { $0.dimension < $1.dimension }
        return SegmentColumns(
            ActiveView(
                rows: rows, firstSequence: firstSequence, blockRows: blockRows, full: full,
                last: last,
                names: names, identities: identities, days: days.list,
                timeBounds: earliest <= latest ? earliest...latest : nil, controls: controls))
    }

    /// The first row of a message with `id` that is the same as one at `time`, rows not yet
    /// published included; nil if there is none.
    /// - Parameter arrivalTime: whether `time` is the arrival's for lack of a timestamp.
    package func duplicate(of id: MessageID, at time: Timestamp, arrivalTime: Bool) -> Int? {
        identities.first(id, below: rows) { row in
            let fullRows = full.count &* blockRows
            if row >= fullRows {
                let at = row &- fullRows
                return unsafe staged.idHigh[at] == id.high && staged.idLow[at] == id.low
                    && staged.idForms[at] == id.form
                    && DuplicateWindow.holds(
                        staged.times[at], time.microseconds,
                        timeless: arrivalTime || staged.flags[at] & Record.Flags.arrivalTime != 0)
            }
            return full[row / blockRows].isDuplicate(
                row % blockRows, of: id, at: time, arrivalTime: arrivalTime)
        }
    }

    /// A record without a payload only takes up a sequence.
    private func keepControl(_ record: RecordView) {
        guard unsafe record.kind != Record.Kind.message, unsafe !record.payload.isEmpty else {
            return
        }
        controls.append(
            unsafe ControlRecord(
                row: UInt32(rows - 1), kind: record.kind, time: record.timestamp,
                payload: Array(record.payload)))
    }

    /// The record's topic id, 0 if it is no message; its other names go to their dimensions.
    @inline(__always)
    private func appendNames(of record: RecordView) -> UInt32 {
        let count = unsafe record.nameCount
        guard unsafe record.kind == Record.Kind.message, count > 0 else { return 0 }
        let first = unsafe record.name(at: 0)
        guard first.dimension == .topic else { return 0 }
        let topic = unsafe dimensions[0].names.intern(record.text(of: first))
        var index = 1
        while index < count {
            let name = unsafe record.name(at: index)
            index &+= 1
            if name.dimension.code <= Dimension.category.code { continue }
            var place = unsafe Int((places.base + Int(name.dimension.code)).load(as: UInt8.self))
            if place == 0 { place = addDimension(name.dimension) }
            unsafe dimensions[place &- 1].append(record.text(of: name), row: staged.rows)
        }
        return topic
    }

    private func addDimension(_ dimension: Dimension) -> Int {
        unsafe (dimensions + dimensionCount).initialize(
            to: StagedDimension(dimension, capacity: blockRows))
        dimensionCount += 1
        unsafe places.base.storeBytes(
            of: UInt8(dimensionCount), toByteOffset: Int(dimension.code), as: UInt8.self)
        return dimensionCount
    }

    private func stagedBlock() -> ColumnBlock {
        var sets: [ColumnBlock.DimensionSet] = []
        for place in 1..<max(1, dimensionCount) {
            if let set = unsafe dimensions[place].set(rows: staged.rows) { sets.append(set) }
        }
        sets.sort { $0.dimension < $1.dimension }
        return staged.block(firstRow: full.count * blockRows, sets: sets)
    }

    private func finishBlock() {
        full.append(stagedBlock())
        staged.reset()
        for place in 1..<max(1, dimensionCount) { unsafe dimensions[place].reset() }
    }

    /// - Parameter rows: the rows entered so far.
    private func growIdentities(rows: Int) {
        let fullRows = full.count * blockRows
        identities.grow(rows: rows) { row in
            if row < fullRows { return full[row / blockRows].messageID(row % blockRows) }
            let at = row - fullRows
            guard unsafe staged.topics[at] != 0 else { return nil }
            return unsafe MessageID(
                form: staged.idForms[at], high: staged.idHigh[at], low: staged.idLow[at])
        }
    }
}

extension ColumnBlock {
    /// Whether the block's row `row` is a message that one of `id` at `time` repeats.
    @inline(__always)
    func isDuplicate(_ row: Int, of id: MessageID, at time: Timestamp, arrivalTime: Bool) -> Bool {
        idHigh[row] == id.high && idLow[row] == id.low && idForms[row] == id.form
            && DuplicateWindow.holds(
                times[row], time.microseconds,
                timeless: arrivalTime || flags[row] & Record.Flags.arrivalTime != 0)
    }

    /// The id of the block's row `row`, nil if it is no message.
    @inline(__always)
    func messageID(_ row: Int) -> MessageID? { topics[row] == 0 ? nil : id(ofRow: row) }
}
