import Disk
import Model
import Synchronization

/// The records in a journal, one by one. The file is opened when first needed.
final class JournalPayloads: Sendable {
    private let path: String
    private let disk: any Disk
    private let opened: Mutex<(any DiskFile)?>
    /// A first read of this size holds most records whole.
    private static let guessBytes = 2_048

    init(_ disk: any Disk, path: String, file: (any DiskFile)? = nil) {
        self.disk = disk
        self.path = path
        opened = Mutex(file)
    }

    /// The payload of a record, which is checked against its checksum.
    /// - Parameter sequence: for the report of damage.
    func payload(at position: Int, sequence: UInt64) throws(LogError) -> [UInt8] {
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
        return try unsafe payload(of: bytes, at: position, sequence: sequence)
    }

    /// Calls `body` with the payload of a record, checked, in the whole file's bytes, which the
    /// caller has mapped.
    func withPayload<R>(
        in mapped: MappedBytes, at position: Int, sequence: UInt64,
        _ body: (UnsafeRawBufferPointer) throws(LogError) -> R
    ) throws(LogError) -> R {
        let start = max(0, position - JournalFormat.recordChecksumBytes)
        return try unsafe mapped.withBytes { whole throws(LogError) in
            let bytes = unsafe UnsafeRawBufferPointer(rebasing: whole.dropFirst(start))
            guard let record = unsafe Self.record(bytes) else {
                throw damage(at: position, sequence)
            }
            return try unsafe body(record.payload)
        }
    }

    /// Appends the payload of a record, checked, reading ahead for those behind it.
    /// - Parameter window: of this journal; made here first.
    func append(
        at position: Int, sequence: UInt64, through window: inout FileWindow?,
        to payload: inout [UInt8]
    ) throws(LogError) {
        let file = try file()
        let start = position - JournalFormat.recordChecksumBytes
        let head = JournalFormat.recordChecksumBytes + Record.headerBytes
        let known = window
        let opened = try withLogErrors { () throws(DiskError) in
            if let known { return known }
            return try FileWindow(file)
        }
        window = opened
        let needed: Int
        let bytes: UnsafeRawBufferPointer
        do throws(DiskError) {
            unsafe needed = Self.neededBytes(try opened.bytes(at: start, count: head))
            unsafe bytes = try opened.bytes(at: start, count: min(needed, Limits.batchBytesMax))
        } catch { throw LogError(error) }
        guard let record = unsafe Self.record(bytes) else { throw damage(at: position, sequence) }
        unsafe payload.append(contentsOf: record.payload)
    }

    private func payload(
        of bytes: UnsafeRawBufferPointer, at position: Int, sequence: UInt64
    ) throws(LogError) -> [UInt8] {
        guard let record = unsafe Self.record(bytes) else { throw damage(at: position, sequence) }
        return unsafe Array(record.payload)
    }

    private func damage(at position: Int, _ sequence: UInt64) -> LogError {
        .damaged(
            Damage(
                path: path, offset: position, reason: "the record does not match its checksum",
                firstSequence: sequence, count: 1))
    }

    /// The open file. Once this has been called it can be read for as long as this object lives,
    /// whether it has a name still or not.
    func file() throws(LogError) -> any DiskFile {
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
