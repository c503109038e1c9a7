import Model

/// Reads payloads of one segment. For one thread.
package struct PayloadReader {
    private let segment: Segment
    private var rows: RowReader
    private var known = KnownValues()
    /// The topic that `known` has, by its local id.
    private var knownTopic: UInt32?
    /// The block that was read last: neighbours in a listing stand together in an archive.
    private var last: (first: Int, text: CutText)?
    private var place: ReadingPlace

    /// - Parameter goesForward: rows are read in their order, all of them or most.
    package init(_ segment: Segment, goesForward: Bool = false) {
        self.segment = segment
        place = ReadingPlace(readsAhead: goesForward)
        rows = RowReader(segment.columns)
    }

    /// A row's payload.
    /// - Parameter row: below the segment's rows.
    /// - Throws: as `append`.
    package mutating func payload(ofRow row: Int) throws(LogError) -> [UInt8] {
        var payload: [UInt8] = []
        try append(payloadOfRow: row, to: &payload)
        return payload
    }

    /// Appends a row's payload to bytes.
    /// - Parameters:
    ///   - row: below the segment's rows.
    ///   - time: of the row, where it has been read already.
    /// - Throws: `.io`; `.damaged` where it is not what was written; `.dropped`.
    package mutating func append(
        payloadOfRow row: Int, time: Int64? = nil, to payload: inout [UInt8]
    ) throws(LogError) {
        if case .archive = segment.payloads { readKnown(row, time) }
        try append(payloadOfRow: row, known, to: &payload)
    }

    private mutating func append(
        payloadOfRow row: Int, _ known: KnownValues, to payload: inout [UInt8]
    ) throws(LogError) {
        // Damaged columns may say anything; nothing stands that far behind.
        let position = Int(clamping: rows.position(ofRow: row))
        let sequence = segment.firstSequence + UInt64(row)
        switch segment.payloads {
        case .dropped: throw .dropped(sequence: sequence)
        case .damaged(let damage): throw .damaged(damage)
        case .journal(let journal):
            try journal.append(at: position, sequence: sequence, through: &place, to: &payload)
        case .archive(let archive):
            if let last, position >= last.first, position - last.first < last.text.count {
                return last.text.append(position - last.first, known, to: &payload)
            }
            let found = try archive.messages(at: position, of: sequence) {
                (block) throws(LogError) in try Self.text(of: archive, block)
            }
            last = found
            found.text.append(position - found.first, known, to: &payload)
        }
    }

    /// What the row's payload says too.
    private mutating func readKnown(_ row: Int, _ time: Int64?) {
        known.time = time ?? rows.time(ofRow: row)
        known.setID(rows.id(ofRow: row))
        let topic = rows.topic(ofRow: row)
        guard topic != knownTopic else { return }
        guard topic > 0 else {
            known.topic = []
            knownTopic = 0
            return
        }
        let damage = segment.columns.damageNoted
        unsafe segment.columns.names.withText(of: .topic, topic) { unsafe known.setTopic($0) }
        // Damage is noted again by whoever reads the text again.
        knownTopic = segment.columns.damageNoted == damage ? topic : nil
    }

    private static func text(
        of archive: ArchiveFile, _ block: Int
    ) throws(LogError) -> CutText {
        if let held = BlockCache.shared.text(archive.number, block) { return held }
        let text = try archive.text(ofBlock: block)
        BlockCache.shared.keep(text, archive.number, block)
        return text
    }
}
