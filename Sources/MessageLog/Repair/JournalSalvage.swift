import Disk
import Model

/// Writes a journal anew from the batches that are still valid. Records that are lost leave gaps,
/// so that all others keep their sequences.
struct JournalSalvage {
    let disk: any Disk
    let directory: String
    private let scanner: JournalScanner
    /// The last sequence that the new journal has, and one more.
    private(set) var following: UInt64
    /// By first sequence: how many records are lost from there on.
    private(set) var lost: [(first: UInt64, count: UInt64)] = []

    /// - Parameters:
    ///   - logID: what other files say it is, if they do.
    ///   - salt: for a journal of which not even the salt is left.
    init(
        _ disk: any Disk, directory: String, file: any DiskFile, first: UInt64, logID: LogID,
        salt: UInt64
    ) throws(LogError) {
        self.disk = disk
        self.directory = directory
        following = first
        do {
            scanner = try JournalScanner(file, first: first, logID: logID)
        } catch {
            guard case .damaged = error else { throw error }
            let header = JournalHeader(logID: logID, salt: salt, firstSequence: first)
            scanner = try JournalScanner(file, withHeader: header)
        }
    }

    /// - Parameter end: the first sequence of what follows in the log, if anything does.
    mutating func write(upTo end: UInt64?) throws(LogError) {
        let path = directory + "/" + LogFileName.journal(following)
        let unfinished: UnfinishedFile
        do { unfinished = try UnfinishedFile(disk, path) } catch { throw LogError(error) }
        do {
            try fill(unfinished.file, upTo: end)
        } catch {
            unfinished.discard()
            throw error
        }
        do { try unfinished.finish(in: directory) } catch { throw LogError(error) }
    }

    private mutating func fill(
        _ file: any DiskFile, upTo end: UInt64?
    ) throws(LogError) {
        let first = following
        let header = scanner.header.encoded()
        try withLogErrors { () throws(DiskError) in try header.writeAll(to: file, at: 0) }
        let writer = JournalWriter(
            file, salt: scanner.header.salt,
            end: ChainPosition(
                offset: header.count, sequence: first,
                checksum: unsafe header.withUnsafeBytes { unsafe $0.integer(at: $0.count - 4) }),
            capacity: .max)
        var batch = BatchBuilder()
        var offset = JournalFormat.headerBytes
        while let next = try scanner.laterBatch(
            from: offset, upTo: scanner.window.size, sequence: following)
        {
            guard next.following - first <= UInt64(Limits.segmentRecordsMax) else { break }
            try lose(upTo: next.header.firstSequence, to: writer, &batch)
            try copy(next, to: writer, &batch)
            offset = next.end
            following = next.following
        }
        if let end { try lose(upTo: end, to: writer, &batch) }
        try flush(&batch, to: writer)
        try withLogErrors { () throws(DiskError) in try file.truncate(to: writer.end.offset) }
    }

    private func copy(
        _ next: ScannedBatch, to writer: JournalWriter, _ batch: inout BatchBuilder
    ) throws(LogError) {
        // Batches stay as they were: one that was written fits.
        try flush(&batch, to: writer)
        var copied = BatchBuilder()
        try unsafe scanner.forEachRecord(in: next) { record, _ in unsafe copied.append(record) }
        try flush(&copied, to: writer)
    }

    private mutating func lose(
        upTo end: UInt64, to writer: JournalWriter, _ batch: inout BatchBuilder
    ) throws(LogError) {
        guard end > following else { return }
        lost.append((following, end - following))
        var gap = RecordBatch()
        gap.append(control: Record.Kind.gap, at: Timestamp(microseconds: 0), payload: [])
        while following < end {
            if !batch.hasRoom(for: gap.bytes.count) { try flush(&batch, to: writer) }
            unsafe gap.forEach { _, record in unsafe batch.append(record) }
            following += 1
        }
    }

    private func flush(
        _ batch: inout BatchBuilder, to writer: JournalWriter
    ) throws(LogError) {
        guard !batch.isEmpty else { return }
        do { _ = try writer.append(&batch) } catch { throw LogError(error) }
        batch.removeAll()
    }
}

extension JournalScanner {
    /// The salt of a journal whose header is damaged: that of its first batch whose own header
    /// holds.
    static func salt(of file: any DiskFile) throws(LogError) -> UInt64? {
        let window = try withLogErrors { () throws(DiskError) in try FileWindow(file) }
        var offset = JournalFormat.headerBytes
        while offset < window.size {
            let front: UnsafeRawBufferPointer
            do {
                unsafe front = try unsafe window.bytes(
                    at: offset, count: JournalFormat.batchHeaderBytes)
            } catch { throw LogError(error) }
            if front.count == JournalFormat.batchHeaderBytes {
                let salt = unsafe front.integer(at: 8, as: UInt64.self)
                if case .valid = unsafe BatchHeader.read(front, salt: salt) { return salt }
            }
            offset += Limits.batchAlignmentBytes
        }
        return nil
    }
}
