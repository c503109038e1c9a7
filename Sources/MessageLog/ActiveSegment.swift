import Disk
import Model

/// The segment that takes appends. Used by the log's one writer only.
final class ActiveSegment {
    let writer: JournalWriter
    let columns: ActiveColumns
    let payloads: JournalPayloads
    let firstSequence: UInt64

    init(writer: JournalWriter, columns: ActiveColumns, payloads: JournalPayloads, first: UInt64) {
        self.writer = writer
        self.columns = columns
        self.payloads = payloads
        firstSequence = first
    }

    /// The segment as it is now; it must have rows.
    func view() -> Segment {
        Segment(
            firstSequence: firstSequence, columns: columns.publish(), payloads: .journal(payloads))
    }
}

extension ActiveSegment {
    /// An empty segment in a new journal.
    static func make(
        _ disk: any Disk, directory: String, logID: LogID, first: UInt64, options: LogOptions
    ) throws(JournalFailure) -> ActiveSegment {
        let header = JournalHeader(
            logID: logID, salt: options.randomWord(), firstSequence: first)
        let writer = try JournalWriter.create(
            disk, directory: directory, header: header, capacity: options.journalBytes)
        return ActiveSegment(
            writer: writer,
            columns: ActiveColumns(firstSequence: first, blockRows: options.blockRows),
            payloads: JournalPayloads(disk, path: writer.path, file: writer.file), first: first)
    }

    /// The same where no log is open yet that could be poisoned.
    static func create(
        _ disk: any Disk, directory: String, logID: LogID, first: UInt64, options: LogOptions
    ) throws(LogError) -> ActiveSegment {
        do {
            return try make(
                disk, directory: directory, logID: logID, first: first, options: options)
        } catch {
            throw LogError(error)
        }
    }
}
