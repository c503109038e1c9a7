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
    /// Records whose payloads retention has dropped.
    package var droppedRecords = 0
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
            case .journal: figures.journalBytes += segment.payloadBytes
            case .archive(let archive):
                figures.archives += 1
                figures.archivedRecords += segment.rows
                figures.archiveBytes += segment.payloadBytes
                figures.archivedPayloadBytes += archive.payloadBytes
            case .dropped: figures.droppedRecords += segment.rows
            case .damaged: break
            }
        }
        return figures
    }
}
