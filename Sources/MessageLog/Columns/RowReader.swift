import Model

/// Reads single rows of a segment: what a block's list says of its columns is looked up once for
/// all rows of the block that are read one after the other. For one thread.
package struct RowReader {
    private let columns: SegmentColumns
    private let blockRows: Int
    /// The block that was read last.
    private var index = -1
    /// It, where it is in memory.
    private var active: ColumnBlock?
    /// It, where it is in a file.
    private var decoder: BlockDecoder?
    private var found = BlockDecoder.RowColumns()
    private var places: ArchivePlaces

    package init(_ columns: SegmentColumns) {
        self.columns = columns
        blockRows = columns.blockRows
        places = ArchivePlaces(columns.file)
    }

    /// Microseconds since 1970.
    package mutating func time(ofRow row: Int) -> Int64 {
        let place = enter(row)
        return active?.times[place] ?? Int64(bitPattern: value(found.times, place))
    }

    /// The local id of the row's topic; 0 where the record is no message.
    package mutating func topic(ofRow row: Int) -> UInt32 {
        let place = enter(row)
        if let active { return active.topics[place] }
        let topic = UInt32(truncatingIfNeeded: value(found.topics, place))
        return topic <= columns.names.count(of: .topic) ? topic : 0
    }

    /// Where a row's record stands in its journal, in bytes, or its payload in the archive's order.
    package mutating func position(ofRow row: Int) -> UInt64 {
        let place = enter(row)
        if let active { return active.positions[place] }
        if found.positions != nil { return value(found.positions, place) }
        return places.position(ofRow: row, topic: topic(ofRow: row))
    }

    /// The message's id.
    package mutating func id(ofRow row: Int) -> MessageID {
        let place = enter(row)
        if let active { return active.id(ofRow: place) }
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
    private mutating func enter(_ row: Int) -> Int {
        precondition(row >= 0 && row < columns.rows, "row \(row) of \(columns.rows)")
        let (wanted, place) = row.quotientAndRemainder(dividingBy: blockRows)
        guard wanted != index else { return place }
        let damage = columns.damageNoted
        switch columns.backing {
        case .active(let view): active = view.block(wanted)
        case .sealed(let file):
            let decoder = file.decoder(wanted)
            found = decoder.rowColumns()
            self.decoder = decoder
        }
        // Damage is noted again by whoever reads the block again.
        index = columns.damageNoted == damage ? wanted : -1
        return place
    }
}
