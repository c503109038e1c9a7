import Model

/// Reads payloads of one segment, and keeps the blocks that it has decompressed: neighbours in a
/// listing stand together in an archive. For one thread.
package struct PayloadReader {
    private let segment: Segment
    private var known = KnownValues()
    private var blocks: [Int: CutText] = [:]
    /// The blocks in the order in which they were read.
    private var order: [Int] = []
    private var heldBytes = 0

    package init(_ segment: Segment) { self.segment = segment }

    /// A row's payload.
    /// - Parameters:
    ///   - row: below the segment's rows.
    ///   - time: of the row, where it has been read already.
    /// - Throws: `.io`; `.damaged` where it is not what was written.
    package mutating func payload(
        ofRow row: Int, time: Int64? = nil
    ) throws(LogError) -> [UInt8] {
        if case .archive = segment.payloads {
            segment.columns.readKnown(ofRow: row, time: time, into: &known)
        }
        return try payload(ofRow: row, known)
    }

    /// The same by whoever has read from columns already what they know of the row.
    mutating func payload(ofRow row: Int, _ known: KnownValues) throws(LogError) -> [UInt8] {
        // Damaged columns may say anything; nothing stands that far behind.
        let position = Int(clamping: segment.columns.position(ofRow: row))
        let sequence = segment.firstSequence + UInt64(row)
        switch segment.payloads {
        case .dropped: throw .dropped(sequence: sequence)
        case .damaged(let damage): throw .damaged(damage)
        case .journal(let journal):
            return try journal.payload(at: position, sequence: sequence)
        case .archive(let archive):
            let (block, first) = try archive.block(at: position)
            let text = try text(of: archive, block)
            guard position >= first, position - first < text.count else {
                throw .damaged(
                    Damage(
                        path: archive.path, offset: 0,
                        reason: "block \(block) has no message for position \(position)",
                        firstSequence: sequence, count: 1))
            }
            return text.payload(position - first, known)
        }
    }

    private mutating func text(
        of archive: ArchiveFile, _ block: Int
    ) throws(LogError) -> CutText {
        if let text = blocks[block] { return text }
        let text = try archive.text(ofBlock: block)
        heldBytes += text.byteCount
        while heldBytes > Limits.decompressedBytesMax, let oldest = order.first {
            heldBytes -= blocks.removeValue(forKey: oldest)?.byteCount ?? 0
            order.removeFirst()
        }
        blocks[block] = text
        order.append(block)
        return text
    }
}
