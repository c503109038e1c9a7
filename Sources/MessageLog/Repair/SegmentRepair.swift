import Disk
import Model

/// Repair of segments that have columns.
extension LogRepair {
    mutating func repair(
        _ range: ClosedRange<UInt64>, _ listing: LogListing
    ) throws(LogError) {
        let name = LogFileName.columns(range.lowerBound, range.upperBound)
        let columns: SegmentColumns
        do throws(LogError) {
            columns = try ColumnsMapping.open(disk, path(name), notes)
            guard columns.firstSequence == range.lowerBound, columns.rows == range.count else {
                throw LogError.damaged(
                    Damage(
                        path: path(name), offset: 0, reason: "the columns are of other records",
                        firstSequence: range.lowerBound, count: nil))
            }
        } catch {
            guard case .damaged(let damage) = error else { throw error }
            // A journal has all that columns have, but for where it ends: they go last.
            if listing.journals(in: range) == [range.lowerBound] {
                try repairJournal(range.lowerBound, upTo: range.upperBound + 1)
                return try moveAside(name)
            }
            return try lose(range, listing, "\(damage.reason) in \(path(name))")
        }
        next = range.upperBound + 1
        let payloads = try payloads(of: columns, listing)
        if try isSound(columns, payloads) { return }
        if case .journal? = payloads, !Self.isWhole(columns), try isWholeJournal(of: columns) {
            return try moveAside(name)
        }
        let salvage = Salvage(columns, notes)
        guard salvage.namesAreWhole else {
            next = range.lowerBound
            return try lose(range, listing, "the names cannot be read in \(path(name))")
        }
        let segment = Segment(
            firstSequence: range.lowerBound, columns: columns, payloads: payloads ?? .dropped)
        try rewrite(segment, salvage, name)
    }

    /// What has the payloads; nil where that cannot be opened.
    private func payloads(
        of columns: SegmentColumns, _ listing: LogListing
    ) throws(LogError) -> Payloads? {
        let first = columns.firstSequence
        switch columns.payloads {
        case .dropped: return .dropped
        case .journal:
            guard listing.journals.contains(first) else { return nil }
            return .journal(JournalPayloads(disk, path: path(LogFileName.journal(first))))
        case .archive(let fingerprint):
            let name = LogFileName.archive(first, first + UInt64(columns.rows) - 1)
            guard listing.archives.contains(first...first + UInt64(columns.rows) - 1) else {
                return nil
            }
            do {
                let archive = try ArchiveFile(disk, path(name))
                return archive.fingerprint == fingerprint && archive.logID == logID
                    ? .archive(archive) : nil
            } catch {
                guard case .damaged = error else { throw error }
                return nil
            }
        }
    }

    private func isSound(
        _ columns: SegmentColumns, _ payloads: Payloads?
    ) throws(LogError) -> Bool {
        guard Self.isWhole(columns) else { return false }
        switch payloads {
        case nil, .damaged?: return false
        case .dropped?: return true
        case .archive(let archive)?:
            return try isWhole { () throws(LogError) in try archive.verify() }
        case .journal?: return try isWholeJournal(of: columns)
        }
    }

    private static func isWhole(_ columns: SegmentColumns) -> Bool {
        (try? columns.verify()) != nil
    }

    /// Whether the journal beside these columns has all of their records.
    private func isWholeJournal(of columns: SegmentColumns) throws(LogError) -> Bool {
        let first = columns.firstSequence
        let path = path(LogFileName.journal(first))
        return try isWhole { () throws(LogError) in
            let file = try withLogErrors { () throws(DiskError) in try disk.open(path, .read) }
            let scanner = try JournalScanner(file, first: first, logID: logID)
            _ = try scanner.examineWhole(upTo: first + UInt64(columns.rows))
        }
    }

    private func isWhole(_ read: () throws(LogError) -> Void) throws(LogError) -> Bool {
        do throws(LogError) {
            try read()
            return true
        } catch {
            guard case .damaged = error else { throw error }
            return false
        }
    }

    /// Makes columns and archive anew of what can be read.
    private mutating func rewrite(
        _ segment: Segment, _ salvage: Salvage, _ name: String
    ) throws(LogError) {
        let first = segment.firstSequence
        var archiver = try SegmentArchiver(
            disk, directory: directory, logID: logID, sources: [segment],
            blockRows: options.blockRows, effort: .merging, notes: notes,
            salvage: salvage, isStopped: { false })
        try keep(name)
        for payloads in [
            LogFileName.journal(first), LogFileName.archive(first, segment.lastSequence),
        ] where try exists(payloads) {
            try keep(payloads)
        }
        if case .dropped = segment.columns.payloads {
            _ = try archiver.makeColumns()
        } else {
            _ = try archiver.make(dictionary: nil)
        }
        report.made.append(path(name))
        for block in salvage.lostBlocks.sorted() {
            let row = segment.columns.firstRow(ofBlock: block)
            let rows = min(segment.columns.blockRows, segment.rows - row)
            report.lose(
                .records, first + UInt64(row), count: UInt64(rows),
                "their columns cannot be read in \(path(name))")
        }
        for row in salvage.lostPayloads.sorted() {
            report.lose(.payloads, first + UInt64(row), count: 1, salvage.reason)
        }
    }

    /// Gives up a whole segment.
    private mutating func lose(
        _ range: ClosedRange<UInt64>, _ listing: LogListing, _ reason: String
    ) throws(LogError) {
        try moveAside(LogFileName.columns(range.lowerBound, range.upperBound))
        if listing.archives.contains(range) {
            try moveAside(LogFileName.archive(range.lowerBound, range.upperBound))
        }
        next = range.lowerBound
        try fill(upTo: range.upperBound + 1, reason)
    }
}
