import Disk
import Model
import Synchronization

/// A range of the log as it was at one moment. Immutable, for any number of threads.
///
/// Of the segment that takes appends there is a new view after each of them; they share all that
/// they have in common. Row `r` holds the record `firstSequence + r`.
package final class Segment: Sendable {
    package let firstSequence: UInt64
    package let columns: SegmentColumns
    let payloads: JournalPayloads

    /// The same for all views of one segment, and of no other.
    package var key: UInt64 { firstSequence }
    package var rows: Int { columns.rows }
    package var lastSequence: UInt64 { firstSequence + UInt64(columns.rows) - 1 }

    init(firstSequence: UInt64, columns: SegmentColumns, payloads: JournalPayloads) {
        precondition(columns.rows > 0, "a segment without rows is not shown")
        self.firstSequence = firstSequence
        self.columns = columns
        self.payloads = payloads
    }

    /// Reads one whole record and checks it against its checksum and its columns' position.
    /// - Parameters:
    ///   - row: below `rows`.
    ///   - body: is given the record, which is valid only during the call.
    package func withRecord<R>(
        _ row: Int, _ body: (RecordView) -> R
    ) throws(LogError) -> R {
        precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
        return try unsafe payloads.withRecord(
            at: Int(columns.position(ofRow: row)), sequence: firstSequence + UInt64(row), body)
    }
}

/// The records in a journal, one by one. The file is opened when first needed.
final class JournalPayloads: Sendable {
    let path: String
    private let disk: any Disk
    private let opened: Mutex<(any DiskFile)?>
    /// A first read of this size holds most records whole.
    private static let guessBytes = 2_048

    init(_ disk: any Disk, path: String, file: (any DiskFile)? = nil) {
        self.disk = disk
        self.path = path
        opened = Mutex(file)
    }

    func withRecord<R>(
        at position: Int, sequence: UInt64, _ body: (RecordView) -> R
    ) throws(LogError) -> R {
        let file = try file()
        let start = position - JournalFormat.recordChecksumBytes
        var buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.guessBytes, alignment: 8)
        defer { unsafe buffer.deallocate() }
        var bytes = try unsafe Self.read(file, into: buffer, at: start)
        let needed = unsafe Self.neededBytes(bytes)
        if needed > bytes.count, needed <= Limits.batchBytesMax {
            unsafe buffer.deallocate()
            unsafe buffer = .allocate(byteCount: needed, alignment: 8)
            unsafe bytes = try unsafe Self.read(file, into: buffer, at: start)
        }
        guard let record = unsafe Self.record(bytes) else {
            throw .damaged(
                Damage(
                    path: path, offset: position, reason: "the record does not match its checksum",
                    firstSequence: sequence, count: 1))
        }
        return unsafe body(record)
    }

    private func file() throws(LogError) -> any DiskFile {
        let known = opened.withLock { $0 }
        if let known { return known }
        let file = try withLogErrors { () throws(DiskError) in try disk.open(path, .read) }
        return opened.withLock { current in
            if let current { return current }
            current = file
            return file
        }
    }

    private static func read(
        _ file: any DiskFile, into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(LogError) -> UnsafeRawBufferPointer {
        do {
            let count = try unsafe file.read(into: buffer, at: offset)
            return unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
        } catch {
            throw LogError(error)
        }
    }

    /// The bytes of checksum and record, as far as the record's own length can be believed.
    private static func neededBytes(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.count >= JournalFormat.recordChecksumBytes + 4 else { return 0 }
        let length: UInt32 = unsafe bytes.integer(at: JournalFormat.recordChecksumBytes)
        return JournalFormat.recordChecksumBytes + Int(length)
    }

    private static func record(_ bytes: UnsafeRawBufferPointer) -> RecordView? {
        guard bytes.count > JournalFormat.recordChecksumBytes else { return nil }
        let rest = unsafe UnsafeRawBufferPointer(
            rebasing: bytes[JournalFormat.recordChecksumBytes...])
        guard let record = unsafe RecordView(checking: rest),
            unsafe bytes.integer(at: 0) == Checksum.crc32c(record.bytes)
        else { return nil }
        return unsafe record
    }
}

/// The log at one moment: what is durable and visible, and nothing else.
package struct LogSnapshot: Sendable {
    /// By sequence, without holes.
    package let segments: [Segment]
    /// The last sequence; 0 where the log is empty.
    package let end: UInt64

    init(_ segments: [Segment]) {
        self.segments = segments
        end = segments.last?.lastSequence ?? 0
    }
}
