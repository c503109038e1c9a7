import Model

extension JournalScanner {
    /// Adds a row for each record before `following`, all of which must be valid.
    func replay(into columns: ActiveColumns, before following: UInt64) throws(LogError) {
        try forEachBatch(before: following) { batch throws(LogError) in
            var sequence = batch.header.firstSequence
            var refused: LogError?
            try unsafe forEachRecord(in: batch) { record, offset in
                if unsafe record.kind > Record.Kind.feed || record.kind == 0,
                    unsafe record.flags & Record.Flags.critical != 0
                {
                    refused =
                        unsafe refused
                        ?? .unknownCriticalRecord(
                            path: path, sequence: sequence, kind: record.kind)
                }
                if refused == nil, columns.rows == Limits.segmentRecordsMax {
                    refused = broken(
                        at: batch.position, batch.end,
                        "a segment has more records than any may have", count: nil)
                }
                if refused == nil { unsafe columns.append(record, position: UInt64(offset)) }
                sequence += 1
            }
            if let refused { throw refused }
            return true
        }
    }
}
