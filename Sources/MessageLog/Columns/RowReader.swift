import Model

/// Reads single rows of a segment: what a block's list says of its columns is looked up once for
/// all rows of the block that are read one after the other, and a block of which many rows are read
/// is decoded as a whole. For one thread.
package struct RowReader {
    private let columns: SegmentColumns
    private let blockRows: Int
    /// The block that was read last.
    private var index = -1
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
        return topic <= columns.names.count(of: .topic) ? topic : 0
    }

    /// Where a row's record stands in its journal, in bytes, or its payload in the archive's order.
    package mutating func position(ofRow row: Int) -> UInt64 {
        let place = enter(row)
        if let block { return block.positions[place] }
        positionsRead += 1
        if positionsRead > Self.singleRows { return decode(row).positions[place] }
        if found.positions != nil { return value(found.positions, place) }
        return places.position(ofRow: row, topic: topic(ofRow: row))
            ?? decode(row).positions[place]
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
        precondition(row >= 0 && row < columns.rows, "row \(row) of \(columns.rows)")
        let wanted = row / blockRows
        if wanted != index { enter(block: wanted) }
        return row - wanted * blockRows
    }

    private mutating func enter(block wanted: Int) {
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
        keep(wanted, ifNoneSince: damage)
    }

    /// Decodes the block of a row.
    private mutating func decode(_ row: Int) -> ColumnBlock {
        let damage = columns.damageNoted
        let index = row / blockRows
        let decoded = columns.block(index, [.times, .topics, .ids, .positions])
        block = decoded
        keep(index, ifNoneSince: damage)
        return decoded
    }

    /// Damage is noted again by whoever reads the block again.
    private mutating func keep(_ block: Int, ifNoneSince damage: Int) {
        index = columns.damageNoted == damage ? block : -1
    }
}
