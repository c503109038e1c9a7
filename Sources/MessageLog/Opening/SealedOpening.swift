import Disk
import Model

/// Opening of segments that have columns.
extension LogOpening {
    /// A segment with columns: its records are not read.
    mutating func openSealed(
        _ range: ClosedRange<UInt64>, _ listing: LogListing
    ) throws(LogError) {
        let name = LogFileName.columns(range.lowerBound, range.upperBound)
        let journals = listing.journals(in: range)
        let columns: SegmentColumns
        do {
            columns = try readColumns(path(name), range)
        } catch {
            // The journal, if it is still there, has all that they hold.
            guard case .damaged = error, journals == [range.lowerBound] else { throw error }
            log.report.columnsRebuilt.append(path(name))
            return try openWhole(range.lowerBound, following: range.upperBound + 1)
        }
        let payloads: Payloads
        switch columns.payloads {
        case .archive(let fingerprint):
            do throws(LogError) {
                guard listing.archives.contains(range) else { throw missingArchive(range) }
                payloads = .archive(try openArchive(range, fingerprint))
            } catch {
                guard options.servesDamaged, case .damaged(let damage) = error else { throw error }
                log.report.damage.append(damage)
                payloads = .damaged(damage)
            }
        case .dropped:
            payloads = .dropped
        case .journal:
            guard journals == [range.lowerBound],
                !listing.innerColumns.contains(where: { range.overlaps($0) })
            else {
                throw .damaged(
                    Damage(
                        path: path(name), offset: 0,
                        reason: journals.isEmpty
                            ? "the journal of these columns is missing"
                            : "the columns overlap other files of the same records",
                        firstSequence: range.lowerBound, count: UInt64(range.count)))
            }
            payloads = .journal(try openJournal(of: columns))
        }
        log.segments.append(
            Segment(firstSequence: range.lowerBound, columns: columns, payloads: payloads))
        log.nextSequence = range.upperBound + 1
    }

    /// The journal of a sealed segment, which must reach to its last record.
    private mutating func openJournal(
        of columns: SegmentColumns
    ) throws(LogError) -> JournalPayloads {
        let first = columns.firstSequence
        let path = path(LogFileName.journal(first))
        let file = try withLogErrors { () throws(DiskError) in try disk.open(path, .read) }
        log.logID = try JournalHeader.read(file, first: first, logID: log.logID).header.logID
        let size = try withLogErrors { () throws(DiskError) in try file.size() }
        let lastRecord = Int(clamping: columns.position(ofRow: columns.rows - 1))
        guard lastRecord <= size - Record.headerBytes else {
            throw .damaged(
                Damage(
                    path: path, offset: size,
                    reason:
                        "the journal is cut short, its last record begins at byte \(lastRecord)",
                    firstSequence: first, count: nil))
        }
        return JournalPayloads(disk, path: path)
    }

    private func missingArchive(_ range: ClosedRange<UInt64>) -> LogError {
        .damaged(
            Damage(
                path: path(LogFileName.archive(range.lowerBound, range.upperBound)), offset: 0,
                reason: "the archive is missing", firstSequence: range.lowerBound,
                count: UInt64(range.count)))
    }

    private mutating func openArchive(
        _ range: ClosedRange<UInt64>, _ fingerprint: UInt32
    ) throws(LogError) -> ArchiveFile {
        let path = path(LogFileName.archive(range.lowerBound, range.upperBound))
        let archive: ArchiveFile
        do { archive = try ArchiveFile(disk, path) } catch { throw error.of(range) }
        guard archive.fingerprint == fingerprint, archive.rows == range.count,
            log.logID == nil || archive.logID == log.logID
        else {
            throw .damaged(
                Damage(
                    path: path, offset: 0,
                    reason: "the archive is not the one that its columns are of",
                    firstSequence: range.lowerBound, count: UInt64(range.count)))
        }
        log.logID = archive.logID
        return archive
    }

    /// Maps a columns file, which must have the rows of its name.
    private func readColumns(
        _ path: String, _ range: ClosedRange<UInt64>
    ) throws(LogError) -> SegmentColumns {
        let columns: SegmentColumns
        do { columns = try ColumnsMapping.open(disk, path, log.notes) } catch {
            throw error.of(range)
        }
        guard columns.firstSequence == range.lowerBound, columns.rows == range.count else {
            throw .damaged(
                Damage(
                    path: path, offset: 0, reason: "the columns are those of other records",
                    firstSequence: range.lowerBound, count: UInt64(range.count)))
        }
        return columns
    }
}

extension LogError {
    /// Damage of a file that could not say itself which records it has, as its name does.
    fileprivate func of(_ range: ClosedRange<UInt64>) -> LogError {
        guard case .damaged(var damage) = self else { return self }
        damage.firstSequence = range.lowerBound
        damage.count = UInt64(range.count)
        return .damaged(damage)
    }
}
