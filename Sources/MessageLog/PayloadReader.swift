import Model

/// Reads payloads of one segment. For one thread.
package struct PayloadReader {
    private let segment: Segment
    private var rows: RowReader
    private var known = KnownValues()
    /// Of an archive.
    private var blocks: TopicBlocks?
    private var place: ReadingPlace

    /// - Parameter goesForward: rows are read in their order, all of them or most.
    package init(_ segment: Segment, goesForward: Bool = false) {
        self.segment = segment
        place = ReadingPlace(readsAhead: goesForward)
        rows = RowReader(segment.columns)
        if case .archive(let archive) = segment.payloads {
            blocks = TopicBlocks(segment, archive)
        }
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
        let (topic, stored) = rows.place(ofRow: row)
        // Damaged columns may say anything; nothing stands that far behind.
        let position = Int(clamping: stored)
        let sequence = segment.firstSequence + UInt64(row)
        switch segment.payloads {
        case .dropped: throw .dropped(sequence: sequence)
        case .damaged(let damage): throw .damaged(damage)
        case .journal(let journal):
            try journal.append(at: position, sequence: sequence, through: &place, to: &payload)
        case .archive:
            known.time = time ?? rows.time(ofRow: row)
            known.setID(rows.id(ofRow: row))
            try blocks?.append(position, topic, &known, sequence: sequence, to: &payload)
        }
    }
}
