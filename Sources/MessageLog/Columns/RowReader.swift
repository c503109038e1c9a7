import Model

/// Reads single rows of a segment: what a block's list says of its columns is looked up once for
/// all rows of the block that are read one after the other, and a block of which many rows are read
/// is decoded as a whole. For one thread.
package struct RowReader {
    private let columns: SegmentColumns
    private let blockRows: Int
    /// How many topics a columns file has.
    private let topicNames: Int
    /// The first row of the block that was read last.
    private var firstRow = 0
    /// Its rows; none where it is to be read again.
    private var held = 0..<0
    /// It, where it is in memory, or decoded.
    private var block: ColumnBlock?
    /// It, where it is read in place.
    private var decoder: BlockDecoder?
    private var found = BlockDecoder.RowColumns()
    /// How many positions of it were read in place.
    private var positionsRead = 0
    private var places: ArchivePlaces

    /// From so many rows on it is cheaper to decode all.
    private static let singleRows = 128

    package init(_ columns: SegmentColumns) {
        self.columns = columns
        blockRows = columns.blockRows
        topicNames = columns.file?.topicNames ?? 0
        places = ArchivePlaces(columns.file)
    }

    /// Microseconds since 1970.
    package mutating func time(ofRow row: Int) -> Int64 {
        let place = enter(row)
        return block?.times[place] ?? Int64(bitPattern: value(found.times, place))
    }

    /// The local id of the row's topic; 0 where the record is no message.
    package mutating func topic(ofRow row: Int) -> UInt32 {
        let place = enter(row)
        if let block { return block.topics[place] }
        let topic = UInt32(truncatingIfNeeded: value(found.topics, place))
        return topic <= topicNames ? topic : 0
    }

    /// Where a row's record stands in its journal, in bytes, or its payload in the archive's order.
    package mutating func position(ofRow row: Int) -> UInt64 { self.place(ofRow: row).position }

    /// The same, and the row's topic, which tells where the position is.
    mutating func place(ofRow row: Int) -> (topic: UInt32, position: UInt64) {
        let place = enter(row)
        if let block { return (block.topics[place], block.positions[place]) }
        positionsRead += 1
        guard positionsRead <= Self.singleRows else { return decodedPlace(ofRow: row) }
        guard found.positions == nil else {
            return (topic(ofRow: row), value(found.positions, place))
        }
        if let near = places.place(besideLast: row) { return near }
        let topic = topic(ofRow: row)
        guard let position = places.position(ofRow: row, topic: topic) else {
            return decodedPlace(ofRow: row)
        }
        return (topic, position)
    }

    private mutating func decodedPlace(ofRow row: Int) -> (topic: UInt32, position: UInt64) {
        let block = decode(row)
        let place = row - block.firstRow
        return (block.topics[place], block.positions[place])
    }

    /// The message's id.
    package mutating func id(ofRow row: Int) -> MessageID {
        let place = enter(row)
        if let block { return block.id(ofRow: place) }
        return columns.id(
            ofRow: row, form: UInt16(truncatingIfNeeded: value(found.idForms, place)))
    }

    @inline(__always)
    private func value(_ column: BlockDecoder.Column?, _ place: Int) -> UInt64 {
        guard let column, let decoder else { return 0 }
        return decoder.value(column, row: place)
    }

    /// Makes a row's block the current one.
    /// - Returns: the row's place in it.
    @inline(__always)
    private mutating func enter(_ row: Int) -> Int {
        if !held.contains(row) { enter(blockOf: row) }
        return row &- firstRow
    }

    private mutating func enter(blockOf row: Int) {
        precondition(row >= 0 && row < columns.rows, "row \(row) of \(columns.rows)")
        let wanted = row / blockRows
        firstRow = wanted * blockRows
        let damage = columns.damageNoted
        switch columns.backing {
        case .active(let view): block = view.block(wanted)
        case .sealed(let file):
            block = nil
            let decoder = file.decoder(wanted)
            found = decoder.rowColumns()
            self.decoder = decoder
        }
        positionsRead = 0
        keepBlock(ifNoneSince: damage)
    }

    /// Decodes the block of a row.
    private mutating func decode(_ row: Int) -> ColumnBlock {
        let damage = columns.damageNoted
        let decoded = columns.block(row / blockRows, [.times, .topics, .ids, .positions])
        block = decoded
        keepBlock(ifNoneSince: damage)
        return decoded
    }

    /// Damage is noted again by whoever reads the block again.
    private mutating func keepBlock(ifNoneSince damage: Int) {
        let end = min(firstRow + blockRows, columns.rows)
        held = columns.damageNoted == damage ? firstRow..<end : 0..<0
    }
}
