import Disk
import Model
import Zstd

/// Writes an archive, payload by payload, in the order in which they will stand.
struct ArchiveWriter {
    private let file: any DiskFile
    private let compressor: ZstdCompressor
    private var text: [UInt8] = []
    private var digits: [UInt8] = []
    /// Messages in the block that is being filled.
    private var pending: UInt32 = 0
    private var positions: UInt32 = 0
    private var ends: [UInt32] = []
    private var firsts: [UInt32] = []
    private var checksums: [UInt8] = []
    /// Bytes that are not written yet, and where they belong.
    private var output: [UInt8] = []
    private var offset = 0
    private var checksum: UInt32 = 0

    /// - Parameters:
    ///   - file: empty.
    ///   - effort: of the compression.
    ///   - dictionary: kept in the archive; empty: none.
    init(
        _ file: any DiskFile, logID: LogID, firstSequence: UInt64, rows: Int,
        effort: ZstdCompressor.Effort, dictionary: [UInt8]
    ) {
        self.file = file
        compressor = ZstdCompressor(effort, dictionary: dictionary)
        output.append(integer: ArchiveFormat.magic)
        output.append(integer: ArchiveFormat.version)
        output.append(integer: UInt32(effort.level))
        output.append(integer: firstSequence)
        output.append(integer: UInt32(rows))
        output.append(integer: UInt32(dictionary.count))
        output.append(integer: Checksum.crc32c(dictionary))
        output.append(integer: logID.high)
        output.append(integer: logID.low)
        output.append(contentsOf: repeatElement(0, count: 8))
        output.append(integer: Checksum.crc32c(output))
        precondition(output.count == ArchiveFormat.headerBytes, "the header has its size")
        output.append(contentsOf: dictionary)
    }

    /// Adds the payload at the next position, cut: its text, with the end, and its digits.
    mutating func append(
        _ message: UnsafeRawBufferPointer, _ messageDigits: UnsafeRawBufferPointer
    ) throws(DiskError) {
        if pending > 0, text.count + message.count > ArchiveFormat.blockTextBytes {
            try closeBlock()
        }
        unsafe text.append(contentsOf: message)
        unsafe digits.append(contentsOf: messageDigits)
        pending += 1
    }

    private mutating func closeBlock() throws(DiskError) {
        firsts.append(positions)
        positions += pending
        pending = 0
        unsafe text.withUnsafeBytes { unsafe compressor.append($0, to: &output) }
        output.append(contentsOf: digits)
        checksums.append(integer: ArchiveBlock.checksum(text: text, digits: digits))
        text.removeAll(keepingCapacity: true)
        digits.removeAll(keepingCapacity: true)
        ends.append(UInt32(offset + output.count))
        if output.count >= Limits.flushedPieceBytes { try write() }
    }

    private mutating func write() throws(DiskError) {
        try output.writeAll(to: file, at: offset)
        file.startFlush(of: offset..<offset + output.count)
        checksum = unsafe output.withUnsafeBytes { unsafe Checksum.crc32c($0, seed: checksum) }
        offset += output.count
        output.removeAll(keepingCapacity: true)
    }

    /// Closes the last block and writes what finds them.
    /// - Parameter payloadBytes: of all payloads, as they were.
    /// - Returns: the archive's fingerprint.
    mutating func finish(payloadBytes: Int) throws(DiskError) -> UInt32 {
        if pending > 0 { try closeBlock() }
        try write()
        let end = offset
        let content = checksum
        PackedArray.append(to: &output, ends)
        PackedArray.append(to: &output, firsts)
        output.append(contentsOf: checksums)
        var trailer: [UInt8] = []
        trailer.append(integer: UInt64(end))
        trailer.append(integer: UInt64(output.count))
        trailer.append(integer: UInt32(ends.count))
        trailer.append(integer: positions)
        trailer.append(integer: content)
        trailer.append(integer: Checksum.crc32c(output))
        trailer.append(integer: UInt64(payloadBytes))
        trailer.append(contentsOf: repeatElement(0, count: 12))
        let fingerprint = Checksum.crc32c(trailer)
        trailer.append(integer: fingerprint)
        trailer.append(integer: ArchiveFormat.endMagic)
        precondition(trailer.count == ArchiveFormat.trailerBytes, "the trailer has its size")
        output.append(contentsOf: trailer)
        try write()
        return fingerprint
    }
}

enum ArchiveBlock {
    /// Of what a block holds, decompressed.
    static func checksum(text: [UInt8], digits: [UInt8]) -> UInt32 {
        let first = Checksum.crc32c(text)
        return unsafe digits.withUnsafeBytes { unsafe Checksum.crc32c($0, seed: first) }
    }
}
