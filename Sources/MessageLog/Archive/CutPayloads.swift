import Model

/// The payloads of one segment as they stand in an archive: cut. Those of an archive are never put
/// together again only to be cut the same way. For one thread.
struct CutPayloads {
    private let segment: Segment
    private let salvage: Salvage?
    private let journal: CutJournal?
    /// Of the payloads as they were; those that salvage has lost are among them.
    let payloadBytes: Int
    /// By row: its place in the archive.
    private var positions: [UInt32] = []
    /// The block that was read last, and the position of its first message.
    private var block: (first: Int, text: CutText)?

    init(
        _ segment: Segment, salvage: Salvage?, checkStopped: () throws(LogError) -> Void
    ) throws(LogError) {
        self.segment = segment
        self.salvage = salvage
        switch segment.payloads {
        case .journal(let journal):
            let cut = try CutJournal(
                segment, journal, salvage: salvage, checkStopped: checkStopped)
            self.journal = cut
            payloadBytes = cut.payloadBytes
        case .archive(let archive):
            journal = nil
            payloadBytes = Int(clamping: archive.payloadBytes)
            positions.reserveCapacity(segment.rows)
            for index in 0..<segment.columns.blockCount {
                let block = segment.columns.block(index, .positions)
                positions.append(contentsOf: block.positions.map { UInt32(clamping: $0) })
            }
        case .dropped, .damaged:
            journal = nil
            payloadBytes = 0
        }
    }

    /// Calls `body` with the text and the digits of a row's payload.
    /// - Throws: `.damaged`, `.dropped`, `.io`.
    mutating func withMessage<R>(
        ofRow row: Int,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(LogError) -> R
    ) throws(LogError) -> R {
        if let journal { return try unsafe journal.withMessage(ofRow: row, body) }
        do {
            if !(salvage?.isLost(row) ?? false) { try find(row) }
        } catch {
            guard let salvage else { throw error }
            try salvage.lose(row, error)
        }
        if salvage?.isLost(row) ?? false {
            let nothing = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
            return try unsafe CutJournal.emptyText.withUnsafeBufferPointer {
                (text) throws(LogError) in try unsafe body(UnsafeRawBufferPointer(text), nothing)
            }
        }
        guard let block else { preconditionFailure("a message that was found has its block") }
        return try unsafe block.text.withMessage(Int(positions[row]) - block.first, body)
    }

    /// Sees to it that the block which has a row's payload is at hand.
    private mutating func find(_ row: Int) throws(LogError) {
        let sequence = segment.firstSequence + UInt64(row)
        let archive: ArchiveFile
        switch segment.payloads {
        case .archive(let own): archive = own
        case .damaged(let damage): throw .damaged(damage)
        case .dropped, .journal: throw .dropped(sequence: sequence)
        }
        let position = Int(positions[row])
        if let block, position >= block.first, position - block.first < block.text.count { return }
        block = try archive.messages(at: position, of: sequence) { (block) throws(LogError) in
            try archive.text(ofBlock: block)
        }
    }
}
