import Model

/// The bytes of a journal, version 1. FORMAT.md draws them and argues why they survive a crash.
enum JournalFormat {
    /// Version 0, which was never frozen, has the same bytes otherwise.
    static let version: UInt32 = 1
    /// The journal's header fills the first aligned block.
    static let headerBytes = Limits.batchAlignmentBytes
    static let batchHeaderBytes = 48
    /// Before each record stands the CRC32C of its bytes.
    static let recordChecksumBytes = 4
    /// The smallest batch: its header and one record without names and payload.
    static let batchBytesMin = batchHeaderBytes + recordChecksumBytes + Record.headerBytes

    /// `offset` rounded up to where a batch may start.
    static func aligned(_ offset: Int) -> Int {
        let unit = Limits.batchAlignmentBytes
        return (offset + unit - 1) / unit * unit
    }
}

/// What identifies a journal: the first block of its file.
///
///     0   8 bytes   "TALLYJRN"
///     8   u32       format version
///     12  u32       zero
///     16  16 bytes  id of the log, two words
///     32  u64       salt of this journal's batches
///     40  u64       first sequence
///     48  ...       zero
///     508 u32       CRC32C of the 508 bytes before
struct JournalHeader: Equatable {
    static let magic: UInt64 = 0x4e52_4a59_4c4c_4154  // "TALLYJRN" read as a little-endian word

    var logID: LogID
    var salt: UInt64
    var firstSequence: UInt64

    /// What a reader makes of a header block.
    enum Reading: Equatable {
        case valid(JournalHeader, checksum: UInt32)
        case newer(version: UInt32)
        case broken(reason: String)
    }

    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(JournalFormat.headerBytes)
        bytes.append(integer: Self.magic)
        bytes.append(integer: JournalFormat.version)
        bytes.append(integer: UInt32(0))
        bytes.append(integer: logID.high)
        bytes.append(integer: logID.low)
        bytes.append(integer: salt)
        bytes.append(integer: firstSequence)
        let zeros = JournalFormat.headerBytes - 4 - bytes.count
        bytes.append(contentsOf: repeatElement(0, count: zeros))
        bytes.append(integer: Checksum.crc32c(bytes))
        return bytes
    }

    static func read(_ bytes: UnsafeRawBufferPointer) -> Reading {
        guard bytes.count >= JournalFormat.headerBytes else {
            return .broken(reason: "the journal's header is cut short")
        }
        let covered = JournalFormat.headerBytes - 4
        let stored: UInt32 = unsafe bytes.integer(at: covered)
        let found = unsafe Checksum.crc32c(UnsafeRawBufferPointer(rebasing: bytes[..<covered]))
        guard unsafe bytes.integer(at: 0, as: UInt64.self) == magic else {
            return .broken(reason: "the file does not begin as a journal does")
        }
        guard stored == found else {
            return .broken(reason: "the journal's header does not match its checksum")
        }
        let version: UInt32 = unsafe bytes.integer(at: 8)
        guard version <= JournalFormat.version else { return .newer(version: version) }
        let header = unsafe JournalHeader(
            logID: LogID(high: bytes.integer(at: 16), low: bytes.integer(at: 24)),
            salt: bytes.integer(at: 32), firstSequence: bytes.integer(at: 40))
        return .valid(header, checksum: stored)
    }
}

/// The identity of a log, drawn once, written into each of its journals.
package struct LogID: Hashable, Sendable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// The start of a batch.
///
///     0   u32  "TBAT"
///     4   u32  format version
///     8   u64  salt of the journal
///     16  u64  sequence of the first record
///     24  u32  bytes of the whole batch, this header included
///     28  u32  number of records
///     32  u32  header checksum of the batch before (of the journal's header for the first one)
///     36  u32  CRC32C of the records' checksums, in order
///     40  u32  zero
///     44  u32  header checksum: CRC32C of the 44 bytes before
struct BatchHeader: Equatable {
    static let magic: UInt32 = 0x5441_4254  // "TBAT" read as a little-endian word

    var salt: UInt64
    var firstSequence: UInt64
    var byteCount: Int
    var recordCount: Int
    var previousChecksum: UInt32
    var recordsChecksum: UInt32

    /// The header's bytes, and its own checksum, which they end with.
    func encoded() -> (bytes: [UInt8], checksum: UInt32) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(JournalFormat.batchHeaderBytes)
        bytes.append(integer: Self.magic)
        bytes.append(integer: JournalFormat.version)
        bytes.append(integer: salt)
        bytes.append(integer: firstSequence)
        bytes.append(integer: UInt32(byteCount))
        bytes.append(integer: UInt32(recordCount))
        bytes.append(integer: previousChecksum)
        bytes.append(integer: recordsChecksum)
        bytes.append(integer: UInt32(0))
        let checksum = Checksum.crc32c(bytes)
        bytes.append(integer: checksum)
        return (bytes, checksum)
    }

    /// Whether `bytes` begin like a batch of the journal with `salt`: a cheap look before the rest.
    static func mayBegin(_ bytes: UnsafeRawBufferPointer, salt: UInt64) -> Bool {
        guard bytes.count >= JournalFormat.batchHeaderBytes else { return false }
        return unsafe bytes.integer(at: 0, as: UInt32.self) == magic
            && bytes.integer(at: 8, as: UInt64.self) == salt
    }

    enum Reading {
        case valid(BatchHeader, checksum: UInt32)
        case newer(version: UInt32)
        case broken
    }

    /// Takes a header whose own checksum and limits hold; whether it belongs here is not judged.
    static func read(_ bytes: UnsafeRawBufferPointer, salt: UInt64) -> Reading {
        guard unsafe mayBegin(bytes, salt: salt) else { return .broken }
        let stored: UInt32 = unsafe bytes.integer(at: 44)
        let found = unsafe Checksum.crc32c(UnsafeRawBufferPointer(rebasing: bytes[..<44]))
        guard stored == found else { return .broken }
        let version: UInt32 = unsafe bytes.integer(at: 4)
        guard version <= JournalFormat.version else { return .newer(version: version) }
        let header = unsafe BatchHeader(
            salt: salt, firstSequence: bytes.integer(at: 16),
            byteCount: Int(bytes.integer(at: 24, as: UInt32.self)),
            recordCount: Int(bytes.integer(at: 28, as: UInt32.self)),
            previousChecksum: bytes.integer(at: 32), recordsChecksum: bytes.integer(at: 36))
        guard header.byteCount >= JournalFormat.batchBytesMin,
            header.byteCount <= Limits.batchBytesMax, header.recordCount > 0,
            header.firstSequence <= Limits.sequenceMax
        else { return .broken }
        return .valid(header, checksum: stored)
    }
}
