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
        Segment(firstSequence: firstSequence, columns: columns.publish(), payloads: payloads)
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
        var listing = try LogListing(names, directory: directory)
        if !options.readOnly { try removeUnfinished(listing.unfinished) }
        for (place, first) in listing.journals.enumerated() {
            guard first == log.nextSequence else { throw misplaced(first) }
            if let last = listing.columns.removeValue(forKey: first) {
                try openSealed(first, last)
            } else if place + 1 < listing.journals.count {
                try openWhole(first, following: listing.journals[place + 1])
            } else {
                try openLast(first)
            }
        }
        if let (first, last) = listing.columns.min(by: { $0.key < $1.key }) {
            throw .damaged(
                Damage(
                    path: path(LogFileName.columns(first, last)), offset: 0,
                    reason: "the journal of these columns is missing", firstSequence: first,
                    count: last - first + 1))
        }
        if listing.journals.isEmpty, !options.readOnly { try begin() }
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

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private mutating func removeUnfinished(_ names: [String]) throws(LogError) {
        for name in names {
            let path = path(name)
            try withLogErrors { () throws(DiskError) in try disk.remove(path) }
            log.report.removed.append(path)
        }
    }

    private func misplaced(_ first: UInt64) -> LogError {
        let expected = log.nextSequence
        return .damaged(
            Damage(
                path: path(LogFileName.journal(first)), offset: 0,
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
    private mutating func openSealed(_ first: UInt64, _ last: UInt64) throws(LogError) {
        let journalPath = path(LogFileName.journal(first))
        let file = try withLogErrors { () throws(DiskError) in try disk.open(journalPath, .read) }
        let found = try JournalHeader.read(file, first: first, logID: log.logID)
        log.logID = found.header.logID
        guard let columns = try readColumns(first, last) else {
            log.report.columnsRebuilt.append(path(LogFileName.columns(first, last)))
            try openWhole(first, following: last + 1)
            return
        }
        let size = try withLogErrors { () throws(DiskError) in try file.size() }
        let lastRecord = Int(columns.position(ofRow: columns.rows - 1))
        guard lastRecord + Record.headerBytes <= size else {
            throw .damaged(
                Damage(
                    path: journalPath, offset: size,
                    reason:
                        "the journal is cut short, its last record begins at byte \(lastRecord)",
                    firstSequence: first, count: nil))
        }
        log.segments.append(
            Segment(
                firstSequence: first, columns: columns,
                payloads: JournalPayloads(disk, path: journalPath)))
        log.nextSequence = last + 1
    }

    /// Maps a columns file; nil where it is damaged, since the journal has all that it holds.
    private func readColumns(_ first: UInt64, _ last: UInt64) throws(LogError) -> SegmentColumns? {
        let path = path(LogFileName.columns(first, last))
        let columns: SegmentColumns
        do {
            columns = try ColumnsMapping.open(disk, path)
        } catch {
            switch error {
            case .damaged: return nil
            default: throw error
            }
        }
        let rows = last - first + 1
        let fits = columns.firstSequence == first && UInt64(columns.rows) == rows
        return fits ? columns : nil
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
            payloads: JournalPayloads(disk, path: journalPath))
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
                    firstSequence: first, columns: columns.publish(), payloads: payloads))
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
