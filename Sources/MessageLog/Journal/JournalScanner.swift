import Disk
import Model

/// Where a walk along the chain of batches stands.
struct ChainPosition: Equatable {
    /// The end of the last valid batch.
    var offset: Int
    /// The sequence that the next batch must begin with.
    var sequence: UInt64
    /// The checksum that the next batch must name as its predecessor's.
    var checksum: UInt32
}

/// A batch that was read and found right in itself.
struct ScannedBatch {
    var offset: Int
    var header: BatchHeader
    var checksum: UInt32

    var end: Int { offset + header.byteCount }
    var following: UInt64 { header.firstSequence + UInt64(header.recordCount) }
}

/// Reads the batches of one journal and judges each. Never writes.
final class JournalScanner {
    let path: String
    let header: JournalHeader
    /// Where the chain begins.
    let start: ChainPosition
    let window: FileWindow

    /// Reads and checks the journal's header.
    /// - Parameter first: the sequence that the file's name gives it.
    init(_ file: any DiskFile, first: UInt64, logID: LogID?) throws(LogError) {
        path = file.path
        let found = try JournalHeader.read(file, first: first, logID: logID)
        header = found.header
        window = try withLogErrors { () throws(DiskError) in try FileWindow(file) }
        start = ChainPosition(
            offset: JournalFormat.headerBytes, sequence: first, checksum: found.checksum)
    }

    /// For a file whose header is damaged.
    init(_ file: any DiskFile, withHeader header: JournalHeader) throws(LogError) {
        path = file.path
        self.header = header
        window = try withLogErrors { () throws(DiskError) in try FileWindow(file) }
        start = ChainPosition(
            offset: JournalFormat.headerBytes, sequence: header.firstSequence, checksum: 0)
    }

    /// What stands where the chain should go on.
    enum Step {
        case batch(ScannedBatch)
        /// No batch that continues the chain; why not, and where in the file.
        case nothing(String, at: Int)
    }

    /// The batch that follows `position`, records checked.
    func step(from position: ChainPosition) throws(LogError) -> Step {
        let offset = JournalFormat.aligned(position.offset)
        let gap = try unsafe bytes(position.offset, offset - position.offset)
        guard unsafe gap.allSatisfy({ $0 == 0 }) else {
            return .nothing("the padding behind a batch is not zero", at: position.offset)
        }
        guard offset < window.size else { return .nothing("the file ends", at: offset) }
        guard let batch = try batch(at: offset) else {
            return .nothing("no valid batch begins here", at: offset)
        }
        guard batch.header.firstSequence == position.sequence else {
            return .nothing(
                "a batch begins with sequence \(batch.header.firstSequence)", at: offset)
        }
        guard batch.header.previousChecksum == position.checksum else {
            return .nothing("a batch does not follow the one before it", at: offset)
        }
        return .batch(batch)
    }

    /// The batch at an aligned offset, if it is valid in itself: header, checksums, records.
    func batch(at offset: Int) throws(LogError) -> ScannedBatch? {
        let front = try unsafe bytes(offset, JournalFormat.batchHeaderBytes)
        switch unsafe BatchHeader.read(front, salt: header.salt) {
        case .broken:
            return nil
        case .newer(let version):
            throw LogError.unsupportedVersion(path: path, version: version)
        case .valid(let found, let checksum):
            let batch = ScannedBatch(offset: offset, header: found, checksum: checksum)
            return try recordsAreValid(in: batch) ? batch : nil
        }
    }

    private func recordsAreValid(in batch: ScannedBatch) throws(LogError) -> Bool {
        let whole = try unsafe bytes(batch.offset, batch.header.byteCount)
        guard whole.count == batch.header.byteCount else { return false }
        var offset = JournalFormat.batchHeaderBytes
        var combined: UInt32 = 0
        for _ in 0..<batch.header.recordCount {
            let recordStart = offset + JournalFormat.recordChecksumBytes
            guard recordStart < whole.count else { return false }
            let rest = unsafe UnsafeRawBufferPointer(rebasing: whole[recordStart...])
            guard let record = unsafe RecordView(checking: rest) else { return false }
            let stored = unsafe UnsafeRawBufferPointer(rebasing: whole[offset..<recordStart])
            guard unsafe stored.integer(at: 0) == Checksum.crc32c(record.bytes) else {
                return false
            }
            combined = unsafe Checksum.crc32c(stored, seed: combined)
            offset = unsafe recordStart + record.bytes.count
        }
        return offset == whole.count && combined == batch.header.recordsChecksum
    }

    /// Calls `body` with each record of a valid batch and its offset in the file.
    func forEachRecord(
        in batch: ScannedBatch, _ body: (RecordView, Int) -> Void
    ) throws(LogError) {
        let whole = try unsafe bytes(batch.offset, batch.header.byteCount)
        var offset = JournalFormat.batchHeaderBytes
        while offset < whole.count {
            offset += JournalFormat.recordChecksumBytes
            let rest = unsafe UnsafeRawBufferPointer(rebasing: whole[offset...])
            guard let record = unsafe RecordView(checking: rest) else {
                throw damaged(batch, "the file changed while it was read")
            }
            unsafe body(record, batch.offset + offset)
            offset += unsafe record.bytes.count
        }
    }

    /// The first batch, from `offset` up to `end`, that is valid and not older than `sequence`.
    func laterBatch(
        from offset: Int, upTo end: Int, sequence: UInt64
    ) throws(LogError) -> ScannedBatch? {
        var offset = JournalFormat.aligned(offset)
        while offset < end {
            let front = try unsafe bytes(offset, JournalFormat.batchHeaderBytes)
            if unsafe BatchHeader.mayBegin(front, salt: header.salt),
                let batch = try batch(at: offset), batch.header.firstSequence >= sequence
            {
                return batch
            }
            offset += Limits.batchAlignmentBytes
        }
        return nil
    }

    /// The number of bytes from `offset` to the last one that is not zero.
    func tailBytes(from offset: Int) throws(LogError) -> Int {
        var end = offset
        var position = offset
        while position < window.size {
            let chunk = try unsafe bytes(position, 64 << 10)
            guard chunk.count > 0 else { break }
            let used = unsafe Self.usedBytes(chunk)
            if used > 0 { end = position + used }
            position += chunk.count
        }
        return end - offset
    }

    /// The bytes up to the last that is not zero. Reserved space is mostly zeros: word by word.
    private static func usedBytes(_ bytes: UnsafeRawBufferPointer) -> Int {
        var count = bytes.count
        while count >= 8, unsafe bytes.integer(at: count - 8, as: UInt64.self) == 0 { count -= 8 }
        while count > 0, unsafe bytes[count - 1] == 0 { count -= 1 }
        return count
    }

    func bytes(_ offset: Int, _ count: Int) throws(LogError) -> UnsafeRawBufferPointer {
        do {
            return try unsafe window.bytes(at: offset, count: count)
        } catch {
            throw LogError(error)
        }
    }

    private func damaged(_ batch: ScannedBatch, _ reason: String) -> LogError {
        .damaged(
            Damage(
                path: path, offset: batch.offset, reason: reason,
                firstSequence: batch.header.firstSequence, count: UInt64(batch.header.recordCount)))
    }
}
