import Disk
import Model

/// Opening of journals that have no columns, the last one's torn end among them.
extension LogOpening {
    /// A segment without columns that is not the last: a later file proves that all of it was
    /// durable, so whatever is not valid is damage. Its columns are made from its records.
    mutating func openWhole(_ first: UInt64, following: UInt64) throws(LogError) {
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
    mutating func openLast(_ first: UInt64) throws(LogError) {
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

    static func make(
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
