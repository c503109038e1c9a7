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
    /// - Parameter row: below the segment's rows.
    /// - Throws: `.io`; `.damaged` where it is not what was written.
    package mutating func payload(ofRow row: Int) throws(LogError) -> [UInt8] {
        let position = Int(segment.columns.position(ofRow: row))
        switch segment.payloads {
        case .journal(let journal):
            return try journal.payload(
                at: position, sequence: segment.firstSequence + UInt64(row))
        case .archive(let archive):
            let (block, first) = try archive.block(at: position)
            let text = try text(of: archive, block)
            guard position - first < text.count else {
                throw .damaged(
                    Damage(
                        path: archive.path, offset: 0,
                        reason: "block \(block) has no message for position \(position)",
                        firstSequence: segment.firstSequence + UInt64(row), count: 1))
            }
            segment.columns.readKnown(ofRow: row, into: &known)
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
