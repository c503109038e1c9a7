import Disk
import Model

/// A log as it was found, ready to serve.
struct OpenedLog {
    var logID: LogID?
    var segments: [Segment] = []
    /// Segments that are full and have no columns file yet.
    var unsealed: [UnsealedSegment] = []
    var active: ActiveSegment?
    var nextSequence: UInt64 = 1
    var report = RecoveryReport()
    let notes = DamageNotes()
}

/// A segment that takes no more appends and whose columns are still in memory only.
struct UnsealedSegment: Sendable {
    var segment: Segment
    /// The end of the journal's last batch; what lies behind was reserved and is not needed.
    var journalEnd: Int
}

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

/// Opens a log: takes the listing as the manifest, replays what has no columns, refuses damage.
struct LogOpening {
    let disk: any Disk
    let directory: String
    let options: LogOptions
    private var log = OpenedLog()

    init(_ disk: any Disk, directory: String, options: LogOptions) {
        self.disk = disk
        self.directory = directory
        self.options = options
    }

    mutating func run() throws(LogError) -> OpenedLog {
        let names = try prepareDirectory()
        let listing = try LogListing(names, directory: directory)
        if !options.readOnly { try remove(listing.unfinished) }
        let units = listing.units
        for (place, unit) in units.enumerated() {
            guard unit.first == log.nextSequence else { throw misplaced(unit) }
            switch unit {
            case .sealed(let range): try openSealed(range, listing)
            case .journal(let first) where place + 1 < units.count:
                try openWhole(first, following: units[place + 1].first)
            case .journal(let first): try openLast(first)
            }
        }
        try refuseStrayArchives(listing)
        if !options.readOnly {
            try removeSuperseded(listing)
            if units.isEmpty { try begin() }
        }
        return log
    }

    func path(_ name: String) -> String { directory + "/" + name }

    private func prepareDirectory() throws(LogError) -> [String] {
        do {
            if !options.readOnly { try disk.makeDirectory(directory) }
            let names = try disk.list(directory)
            if names.isEmpty, !options.readOnly {
                try disk.synchronizeDirectory(Self.parent(of: directory))
            }
            return names
        } catch {
            throw LogError(error)
        }
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private mutating func remove(_ names: [String]) throws(LogError) {
        for name in names {
            let path = path(name)
            try withLogErrors { () throws(DiskError) in try disk.remove(path) }
            log.report.removed.append(path)
        }
    }

    private func misplaced(_ unit: LogListing.Unit) -> LogError {
        let expected = log.nextSequence
        let first = unit.first
        let name =
            switch unit {
            case .sealed(let range): LogFileName.columns(first, range.upperBound)
            case .journal: LogFileName.journal(first)
            }
        return .damaged(
            Damage(
                path: path(name), offset: 0,
                reason: first > expected
                    ? "the records from \(expected) on are missing"
                    : "the file overlaps the records up to \(expected - 1)",
                firstSequence: min(first, expected), count: first > expected ? first - expected : 0)
        )
    }

    /// The first journal of a new log. Its id is durable from here on.
    private mutating func begin() throws(LogError) {
        let id = LogID(high: options.randomWord(), low: options.randomWord())
        log.logID = id
        log.active = try ActiveSegment.create(
            disk, directory: directory, logID: id, first: log.nextSequence, options: options)
    }
}

extension LogOpening {
    /// A segment with columns: its records are not read.
    private mutating func openSealed(
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
            payloads = .archive(try openArchive(range, fingerprint))
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

    private mutating func openArchive(
        _ range: ClosedRange<UInt64>, _ fingerprint: UInt32
    ) throws(LogError) -> ArchiveFile {
        let path = path(LogFileName.archive(range.lowerBound, range.upperBound))
        let archive = try ArchiveFile(disk, path)
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

    /// An archive of records that no segment has is not what a seal or a merge left behind.
    private func refuseStrayArchives(_ listing: LogListing) throws(LogError) {
        for range in listing.archives where range.upperBound >= log.nextSequence {
            throw .damaged(
                Damage(
                    path: path(LogFileName.archive(range.lowerBound, range.upperBound)), offset: 0,
                    reason: "the columns of this archive are missing",
                    firstSequence: range.lowerBound, count: UInt64(range.count)))
        }
    }

    /// Removes what a seal or a merge has left behind: files whose records are all in others that
    /// have been opened.
    private mutating func removeSuperseded(_ listing: LogListing) throws(LogError) {
        var unfinished = listing.archives
        for segment in log.segments where segment.isArchived {
            let range = segment.firstSequence...segment.lastSequence
            let inner = listing.innerColumns.filter { range.overlaps($0) }
            let archives = unfinished.filter { range.overlaps($0) && $0 != range }
            unfinished.removeAll { range.overlaps($0) }
            let names =
                listing.journals(in: range).map { LogFileName.journal($0) }
                + inner.map { LogFileName.columns($0.lowerBound, $0.upperBound) }
                + archives.map { LogFileName.archive($0.lowerBound, $0.upperBound) }
            if names.isEmpty { continue }
            try rewriteColumns(segment)
            try remove(names)
        }
        // Made, but the columns never said so.
        try remove(unfinished.map { LogFileName.archive($0.lowerBound, $0.upperBound) })
    }

    /// Writes a segment's columns anew. Of a merge that left files behind it is not known whether
    /// the name that its columns got is on the disk, for the flush may have failed: before anything
    /// else goes, it must surely be there.
    private func rewriteColumns(_ segment: Segment) throws(LogError) {
        let name = LogFileName.columns(segment.firstSequence, segment.lastSequence)
        let bytes = segment.columns.encoded()
        try Self.make(disk, directory, path(name)) { file throws(DiskError) in
            try bytes.writeAll(to: file, at: 0)
        }
    }

    /// Maps a columns file, which must have the rows of its name.
    private func readColumns(
        _ path: String, _ range: ClosedRange<UInt64>
    ) throws(LogError) -> SegmentColumns {
        let columns = try ColumnsMapping.open(disk, path, log.notes)
        guard columns.firstSequence == range.lowerBound, columns.rows == range.count else {
            throw .damaged(
                Damage(
                    path: path, offset: 0, reason: "the columns are those of other records",
                    firstSequence: range.lowerBound, count: UInt64(range.count)))
        }
        return columns
    }

    /// A segment without columns that is not the last: a later file proves that all of it was
    /// durable, so whatever is not valid is damage. Its columns are made from its records.
    private mutating func openWhole(_ first: UInt64, following: UInt64) throws(LogError) {
        let journalPath = path(LogFileName.journal(first))
        let file = try withLogErrors { () throws(DiskError) in try disk.open(journalPath, .read) }
        let scanner = try JournalScanner(file, first: first, logID: log.logID)
        log.logID = scanner.header.logID
        let end = try scanner.examineWhole(upTo: following)
        let columns = try replay(scanner, before: following)
        let segment = Segment(
            firstSequence: first, columns: columns.publish(),
            payloads: .journal(JournalPayloads(disk, path: journalPath)))
        log.segments.append(segment)
        log.unsealed.append(UnsealedSegment(segment: segment, journalEnd: end.offset))
        log.nextSequence = following
        log.report.clean = false
    }

    /// The last journal, if it has no columns: the process died, or nothing was ever appended.
    private mutating func openLast(_ first: UInt64) throws(LogError) {
        let journalPath = path(LogFileName.journal(first))
        var file = try open(journalPath)
        var scanner = try JournalScanner(file, first: first, logID: log.logID)
        log.logID = scanner.header.logID
        let extent = try scanner.examine()
        let untouched = extent.end == scanner.start && extent.tailBytes == 0
        if !untouched { log.report.clean = false }
        log.report.tornBytes = extent.tailBytes
        // Even without a batch: perhaps the flush of the journal's name had failed.
        if !options.readOnly {
            if extent.tailBytes > 0 { try keepTail(scanner, extent) }
            try rewrite(scanner, extent.end)
            file = try open(journalPath)
            scanner = try JournalScanner(file, first: first, logID: log.logID)
        }
        let columns = try replay(scanner, before: extent.end.sequence)
        let payloads = JournalPayloads(disk, path: journalPath, file: file)
        if columns.rows > 0 {
            log.segments.append(
                Segment(
                    firstSequence: first, columns: columns.publish(), payloads: .journal(payloads)))
        }
        log.nextSequence = extent.end.sequence
        guard !options.readOnly else { return }
        let writer = JournalWriter(
            file, salt: scanner.header.salt, end: extent.end, capacity: options.journalBytes)
        log.active = ActiveSegment(
            writer: writer, columns: columns, payloads: payloads, first: first)
    }

    private func open(_ path: String) throws(LogError) -> any DiskFile {
        try withLogErrors { () throws(DiskError) in
            try disk.open(path, options.readOnly ? .read : .readWrite)
        }
    }

    /// Builds columns from a journal's records.
    private mutating func replay(
        _ scanner: JournalScanner, before following: UInt64
    ) throws(LogError) -> ActiveColumns {
        let columns = ActiveColumns(
            firstSequence: scanner.start.sequence, blockRows: options.blockRows)
        try scanner.replay(into: columns, before: following)
        log.report.recordsReplayed += columns.rows
        return columns
    }
}

extension LogOpening {
    /// Copies a cut tail to a file of its own, for the operator.
    private mutating func keepTail(
        _ scanner: JournalScanner, _ extent: JournalExtent
    ) throws(LogError) {
        var tail: [UInt8] = []
        let bytes = try unsafe scanner.bytes(extent.end.offset, extent.tailBytes)
        unsafe tail.append(contentsOf: bytes)
        var number = 1
        while true {
            let path = path(LogFileName.torn(extent.end.sequence, number: number))
            log.report.tornPath = path
            let size = try withLogErrors { () throws(DiskError) in try disk.size(of: path) }
            guard size != nil else { break }
            // The same tail, kept before a crash in the middle of an earlier recovery.
            if size == tail.count, try holds(path, tail) { return }
            number += 1
        }
        guard let path = log.report.tornPath else { return }
        try Self.make(disk, directory, path) { file throws(DiskError) in
            try tail.writeAll(to: file, at: 0)
        }
    }

    private func holds(_ path: String, _ bytes: [UInt8]) throws(LogError) -> Bool {
        do {
            let window = try FileWindow(try disk.open(path, .read))
            return try unsafe window.bytes(at: 0, count: bytes.count).elementsEqual(bytes)
        } catch {
            throw LogError(error)
        }
    }

    /// Copies the valid part of a journal to a new file in its place. After a synchronize that
    /// failed, what can be read need not be on the disk: only what is written anew surely is.
    private mutating func rewrite(
        _ scanner: JournalScanner, _ end: ChainPosition
    ) throws(LogError) {
        try Self.make(disk, directory, scanner.path) { file throws(DiskError) in
            var offset = 0
            while offset < end.offset {
                let count = min(end.offset - offset, 1 << 20)
                let chunk = try unsafe scanner.window.bytes(at: offset, count: count)
                guard chunk.count == count else {
                    throw DiskError(.read, scanner.path, DiskError.inputOutputCode)
                }
                try unsafe file.write(chunk, at: offset)
                offset += count
            }
        }
        log.report.rewrittenBytes = end.offset
    }

    private static func make(
        _ disk: any Disk, _ directory: String, _ path: String,
        _ fill: (any DiskFile) throws(DiskError) -> Void
    ) throws(LogError) {
        do {
            try DurableFile.make(disk, directory: directory, path: path, fill)
        } catch {
            throw LogError(error)
        }
    }
}
