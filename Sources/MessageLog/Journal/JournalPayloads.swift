import Disk
import Model
import Synchronization

/// Where one reader of a journal is.
struct ReadingPlace {
    /// Whether records are read one after the other, so that it is worth to read ahead.
    let readsAhead: Bool
    fileprivate var batch: RecentBatches.Batch?
    fileprivate var window: FileWindow?

    init(readsAhead: Bool) { self.readsAhead = readsAhead }
}

/// The records in a journal, one by one. The file is opened when first needed.
final class JournalPayloads: Sendable {
    /// No other journal that this process opens has it.
    let number = UniqueNumber.next()
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

    /// Appends the payload of a record, which is checked against its checksum.
    /// - Parameters:
    ///   - sequence: for the report of damage.
    ///   - place: of one reader of this journal, who comes back with it.
    func append(
        at position: Int, sequence: UInt64, through place: inout ReadingPlace,
        to payload: inout [UInt8]
    ) throws(LogError) {
        func take(_ bytes: UnsafeRawBufferPointer) throws(LogError) {
            guard let record = unsafe Self.record(bytes) else {
                throw damage(at: position, sequence)
            }
            unsafe payload.append(contentsOf: record.payload)
        }
        let start = position - JournalFormat.recordChecksumBytes
        if place.batch?.contains(start, of: number) != true {
            place.batch = RecentBatches.shared.batch(with: start, of: number)
        }
        if let batch = place.batch {
            try unsafe batch.withBytes(from: start, take)
        } else if place.readsAhead {
            try unsafe take(try bytes(at: start, through: &place))
        } else {
            try unsafe withBytes(at: start, take)
        }
    }

    /// Calls `body` with the bytes of one record, read by themselves.
    private func withBytes(
        at start: Int, _ body: (UnsafeRawBufferPointer) throws(LogError) -> Void
    ) throws(LogError) {
        let file = try file()
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
        try unsafe body(bytes)
    }

    /// The bytes of one record, with those behind it read ahead.
    private func bytes(
        at start: Int, through place: inout ReadingPlace
    ) throws(LogError) -> UnsafeRawBufferPointer {
        let file = try file()
        let head = JournalFormat.recordChecksumBytes + Record.headerBytes
        do throws(DiskError) {
            let window = if let known = place.window { known } else { try FileWindow(file) }
            place.window = window
            let needed = unsafe Self.neededBytes(try window.bytes(at: start, count: head))
            return unsafe try window.bytes(at: start, count: min(needed, Limits.batchBytesMax))
        } catch { throw LogError(error) }
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
