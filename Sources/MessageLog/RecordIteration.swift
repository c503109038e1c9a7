import Disk
import Model

extension MessageLog {
    /// Calls `body` with every record from sequence `first` on, in order, as of this call's moment.
    /// Each is checked against its checksums and its place in the chain. From any thread.
    /// - Parameter body: is given a record, valid only during the call; false ends the iteration.
    /// - Throws: `.damaged` at the first record that is not what was written.
    package func forEachRecord(
        from first: UInt64 = 1, _ body: (UInt64, RecordView) -> Bool
    ) throws(LogError) {
        for segment in snapshot.segments where segment.lastSequence >= first {
            guard try unsafe forEachRecord(in: segment, from: first, body) else { return }
        }
    }

    /// Returns whether `body` wants to go on.
    private func forEachRecord(
        in segment: Segment, from first: UInt64, _ body: (UInt64, RecordView) -> Bool
    ) throws(LogError) -> Bool {
        let scanner = try segment.scanner(disk, logID: logID)
        var goesOn = true
        try scanner.forEachBatch(before: segment.lastSequence + 1) { batch throws(LogError) in
            guard batch.following > first else { return true }
            var sequence = batch.header.firstSequence
            try unsafe scanner.forEachRecord(in: batch) { record, _ in
                if goesOn, sequence >= first { goesOn = unsafe body(sequence, record) }
                sequence += 1
            }
            return goesOn
        }
        return goesOn
    }
}

extension Segment {
    /// Reads the segment's journal through a file of its own.
    func scanner(_ disk: any Disk, logID: LogID?) throws(LogError) -> JournalScanner {
        let path = payloads.path
        let file = try withLogErrors { () throws(DiskError) in try disk.open(path, .read) }
        return try JournalScanner(file, first: firstSequence, logID: logID)
    }
}
