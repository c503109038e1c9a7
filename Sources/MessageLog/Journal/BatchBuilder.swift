import Disk
import Model

/// One journal batch in the making: accepted records with their checksums, as they go to disk.
struct BatchBuilder: ~Copyable {
    private var bytes = PageBuffer()
    private(set) var count = 0
    private var recordsChecksum: UInt32 = 0
    /// Bytes of header and records; the rest of `bytes`, once finished, is padding.
    private(set) var usedBytes = 0

    var isEmpty: Bool { count == 0 }

    /// Whether a record of `byteCount` bytes still fits below the largest batch.
    func hasRoom(for byteCount: Int) -> Bool {
        let begun = max(usedBytes, JournalFormat.batchHeaderBytes)
        return begun + JournalFormat.recordChecksumBytes + byteCount <= Limits.batchBytesMax
    }

    /// What the batch would take in the file with its padding.
    var paddedBytes: Int { JournalFormat.aligned(usedBytes) }

    mutating func removeAll() {
        bytes.removeAll()
        count = 0
        recordsChecksum = 0
        usedBytes = 0
    }

    mutating func append(_ record: RecordView) {
        if count == 0 { bytes.append(zeros: JournalFormat.batchHeaderBytes) }
        let checksum = unsafe Checksum.crc32c(record.bytes)
        bytes.append(integer: checksum)
        unsafe bytes.append(record.bytes)
        recordsChecksum = unsafe withUnsafeBytes(of: checksum.littleEndian) {
            unsafe Checksum.crc32c($0, seed: recordsChecksum)
        }
        count += 1
        usedBytes = bytes.count
    }

    /// Writes the header and the padding; returns the header's checksum, the next batch's link.
    mutating func finish(salt: UInt64, firstSequence: UInt64, previous: UInt32) -> UInt32 {
        precondition(count > 0, "an empty batch is never written")
        let header = BatchHeader(
            salt: salt, firstSequence: firstSequence, byteCount: usedBytes, recordCount: count,
            previousChecksum: previous, recordsChecksum: recordsChecksum)
        bytes.append(zeros: paddedBytes - bytes.count)
        let encoded = header.encoded()
        bytes.overwriteFront(with: encoded.bytes)
        return encoded.checksum
    }

    /// Writes the finished batch.
    func write(to file: any DiskFile, at offset: Int) throws(DiskError) {
        try unsafe bytes.withBytes { whole throws(DiskError) in
            try unsafe file.write(whole, at: offset)
        }
    }

    /// Lets readers of a journal have the batch, once it is written there, and forgets it.
    mutating func hand(to recent: RecentBatches, of journal: UInt64, at offset: Int) {
        bytes = recent.keep(bytes, of: journal, at: offset)
        removeAll()
    }

    /// Calls `body` with each record and its offset from the batch's first byte.
    func forEachRecord(_ body: (RecordView, Int) -> Void) {
        unsafe bytes.withBytes { whole in
            var offset = JournalFormat.batchHeaderBytes
            while offset < usedBytes {
                offset += JournalFormat.recordChecksumBytes
                let rest = unsafe UnsafeRawBufferPointer(rebasing: whole[offset..<usedBytes])
                guard let record = unsafe RecordView(checking: rest) else {
                    preconditionFailure("a batch was built from whole records")
                }
                unsafe body(record, offset)
                offset += unsafe record.bytes.count
            }
        }
    }
}
