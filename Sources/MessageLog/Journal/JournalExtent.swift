import Model

/// How far a journal's valid part goes, and what lies behind it.
struct JournalExtent: Equatable {
    /// Behind the last valid batch.
    var end: ChainPosition
    /// Bytes behind it, up to the last that is not zero: a batch that was being written.
    var tailBytes: Int
}

extension JournalScanner {
    /// Walks the chain to its end and tells a torn tail from damage.
    ///
    /// One batch is in flight at a time, so a valid batch proves that all before it was durable.
    /// Where the chain breaks and a valid batch follows, what lies between was damaged later. Where
    /// nothing valid follows, a batch was being written: a torn tail, at most one batch long.
    func examine() throws(LogError) -> JournalExtent {
        var position = start
        var reason: String
        var place: Int
        walk: while true {
            switch try step(from: position) {
            case .batch(let batch): position = batch.position
            case .nothing(let found, let offset):
                reason = found
                place = offset
                break walk
            }
        }
        let tail = try tailBytes(from: position.offset)
        if tail == 0 { return JournalExtent(end: position, tailBytes: 0) }
        let tailEnd = position.offset + tail
        if let later = try laterBatch(
            from: position.offset, upTo: tailEnd, sequence: position.sequence)
        {
            throw broken(
                at: position, place, reason + ", but a valid batch follows at byte \(later.offset)",
                count: later.header.firstSequence - position.sequence)
        }
        if tail > Limits.batchBytesMax + Limits.batchAlignmentBytes {
            throw broken(
                at: position, place, reason + ", and \(tail) bytes follow",
                count: nil)
        }
        return JournalExtent(end: position, tailBytes: tail)
    }

    /// Walks a journal that must be whole: `following` is the sequence behind its last record.
    func examineWhole(upTo following: UInt64) throws(LogError) -> ChainPosition {
        let extent = try examine()
        guard extent.end.sequence == following else {
            let lost = following > extent.end.sequence ? following - extent.end.sequence : nil
            throw broken(
                at: extent.end, extent.end.offset,
                "the journal's records end before sequence \(following)",
                count: lost)
        }
        guard extent.tailBytes == 0 else {
            throw broken(
                at: extent.end, extent.end.offset,
                "\(extent.tailBytes) bytes stand behind the last batch", count: 0)
        }
        return extent.end
    }

    /// Goes through the batches before the record `following`, all of which must be valid, as long
    /// as `body` returns true.
    func forEachBatch(
        before following: UInt64, _ body: (ScannedBatch) throws(LogError) -> Bool
    ) throws(LogError) {
        var position = start
        while position.sequence < following {
            switch try step(from: position) {
            case .batch(let batch):
                guard try body(batch) else { return }
                position = batch.position
            case .nothing(let reason, let offset):
                throw broken(
                    at: position, offset, reason, count: following - position.sequence)
            }
        }
    }

    /// - Parameter offset: where in the file, at or behind the end of what is valid.
    func broken(
        at position: ChainPosition, _ offset: Int, _ reason: String, count: UInt64?
    ) -> LogError {
        .damaged(
            Damage(
                path: path, offset: offset, reason: reason,
                firstSequence: position.sequence, count: count))
    }
}

extension ScannedBatch {
    /// Where the chain stands behind this batch.
    var position: ChainPosition {
        ChainPosition(offset: end, sequence: following, checksum: checksum)
    }
}
