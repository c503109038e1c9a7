import Model

/// What the log takes on disk.
package struct LogFigures: Sendable {
    package var segments = 0
    package var archives = 0
    package var records = 0
    /// Journals, the reserve of the last one left out.
    package var journalBytes = 0
    package var columnsBytes = 0
    package var archiveBytes = 0
    /// Of the payloads in archives, as they were.
    package var archivedPayloadBytes: UInt64 = 0
    package var archivedRecords = 0
}

extension LogSnapshot {
    /// Counted now, from what is open: no file is read.
    package var figures: LogFigures {
        var figures = LogFigures()
        for segment in segments {
            figures.segments += 1
            figures.records += segment.rows
            figures.columnsBytes += segment.columns.fileBytes
            switch segment.payloads {
            case .journal:
                // To the last record's begin: what is behind it is one record.
                let last = segment.columns.position(ofRow: segment.rows - 1)
                figures.journalBytes += Int(clamping: last)
            case .archive(let archive):
                figures.archives += 1
                figures.archivedRecords += segment.rows
                figures.archiveBytes += archive.byteCount
                figures.archivedPayloadBytes += archive.payloadBytes
            }
        }
        return figures
    }
}
