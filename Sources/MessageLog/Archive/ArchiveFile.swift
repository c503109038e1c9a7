import Disk
import Model
import Synchronization
import Zstd

/// A mapped archive: the payloads of a segment, by position. For any number of threads.
@safe
final class ArchiveFile: @unchecked Sendable {
    let path: String
    /// No other archive that this process opens has it.
    let number = UniqueNumber.next()
    let logID: LogID
    let firstSequence: UInt64
    let rows: Int
    /// What the segment's columns call this very archive by.
    let fingerprint: UInt32
    /// Of all payloads, as they were.
    let payloadBytes: UInt64
    private let mapped: MappedBytes
    private let dictionaryRange: Range<Int>
    private let dictionaryChecksum: UInt32
    private let trailer: Trailer
    private let opened = Mutex<Opened?>(nil)

    /// What is made when the first payload is wanted.
    private struct Opened {
        var index: Index
        var decompressor: ZstdDecompressor
    }

    /// Where the blocks are.
    private struct Index: @unchecked Sendable {
        var ends: PackedArray
        var firsts: PackedArray
        /// Where the checksums begin in the file.
        var checksums: Int
    }

    private struct Trailer {
        var indexStart: Int
        var indexLength: Int
        var blocks: Int
        var contentChecksum: UInt32
        var indexChecksum: UInt32
    }

    /// Checks the header and the trailer; the rest when it is read, and wholly in `verify`.
    /// - Parameter name: the name that the file will have, if it has not got it yet.
    /// - Throws: `.io`, `.damaged`, `.unsupportedVersion`.
    init(_ disk: any Disk, _ place: String, name: String? = nil) throws(LogError) {
        path = name ?? place
        let path = path
        let mapped = try withLogErrors { () throws(DiskError) in
            try disk.open(place, .read).map()
        }
        self.mapped = mapped
        let bytes = unsafe mapped.bytes
        let header = ArchiveFormat.headerBytes
        guard bytes.count >= header + ArchiveFormat.trailerBytes,
            unsafe bytes.integer(at: 0, as: UInt64.self) == ArchiveFormat.magic
        else { throw Self.damage(path, 0, "not an archive: it has no known beginning") }
        let version = unsafe bytes.integer(at: 8, as: UInt32.self)
        guard version <= ArchiveFormat.version else {
            throw .unsupportedVersion(path: path, version: version)
        }
        guard unsafe Self.checksum(bytes, 0..<60) == bytes.integer(at: 60) else {
            throw Self.damage(path, 0, "the checksum of the header does not fit")
        }
        firstSequence = unsafe bytes.integer(at: 16)
        rows = unsafe Int(bytes.integer(at: 24, as: UInt32.self))
        let dictionary = unsafe Int(bytes.integer(at: 28, as: UInt32.self))
        dictionaryChecksum = unsafe bytes.integer(at: 32)
        logID = unsafe LogID(high: bytes.integer(at: 36), low: bytes.integer(at: 44))
        let end = bytes.count - ArchiveFormat.trailerBytes
        fingerprint = unsafe bytes.integer(at: end + 52)
        guard unsafe bytes.integer(at: end + 56, as: UInt64.self) == ArchiveFormat.endMagic,
            unsafe Self.checksum(bytes, end..<end + 52) == fingerprint
        else { throw Self.damage(path, end, "the checksum of the trailer does not fit") }
        let start = unsafe bytes.integer(at: end, as: UInt64.self)
        let length = unsafe bytes.integer(at: end + 8, as: UInt64.self)
        guard length <= UInt64(end), start == UInt64(end) - length,
            header + dictionary <= Int(start),
            unsafe bytes.integer(at: end + 20, as: UInt32.self) == UInt32(rows)
        else { throw Self.damage(path, end, "lengths that contradict each other") }
        dictionaryRange = header..<header + dictionary
        payloadBytes = unsafe bytes.integer(at: end + 32)
        trailer = unsafe Trailer(
            indexStart: Int(start), indexLength: Int(length),
            blocks: Int(bytes.integer(at: end + 16, as: UInt32.self)),
            contentChecksum: bytes.integer(at: end + 24),
            indexChecksum: bytes.integer(at: end + 28))
    }

    /// The file's size.
    var byteCount: Int { unsafe mapped.bytes.count }

    /// The messages of the block that has a position, and the position of the first.
    /// - Parameters:
    ///   - sequence: whose payload is wanted.
    ///   - text: a block's messages, wherever they are at hand.
    func messages(
        at position: Int, of sequence: UInt64,
        _ text: (_ block: Int) throws(LogError) -> CutText
    ) throws(LogError) -> (first: Int, text: CutText) {
        let (block, first) = try block(at: position)
        let text = try text(block)
        guard position >= first, position - first < text.count else {
            throw .damaged(
                Damage(
                    path: path, offset: 0,
                    reason: "block \(block) has no message for position \(position)",
                    firstSequence: sequence, count: 1))
        }
        return (first, text)
    }

    /// The block that has a position, and the position of its first message.
    func block(at position: Int) throws(LogError) -> (block: Int, first: Int) {
        let firsts = try open().index.firsts
        var (low, high) = (0, firsts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if Int(firsts[middle]) <= position { low = middle } else { high = middle }
        }
        return (low, Int(firsts[low]))
    }

    /// A block's messages.
    func text(ofBlock block: Int) throws(LogError) -> CutText {
        let opened = try open()
        let start = block == 0 ? dictionaryRange.upperBound : Int(opened.index.ends[block - 1])
        let end = Int(opened.index.ends[block])
        guard start <= end, end <= trailer.indexStart else {
            throw damage(trailer.indexStart, "block \(block) is not where a block can be")
        }
        let stored = unsafe UnsafeRawBufferPointer(rebasing: mapped.bytes[start..<end])
        var text: [UInt8] = []
        let frameBytes: Int
        do {
            frameBytes = try unsafe opened.decompressor.decompress(
                stored, into: &text, sizeMax: ArchiveFormat.blockTextBytesMax)
        } catch {
            throw damage(start, "block \(block): \(error.reason)")
        }
        let digits = unsafe Array(stored[frameBytes...])
        let checksum = unsafe mapped.bytes.integer(
            at: opened.index.checksums + 4 * block, as: UInt32.self)
        guard ArchiveBlock.checksum(text: text, digits: digits) == checksum,
            let cut = CutText(text: text, digits: digits)
        else { throw damage(start, "the checksum of block \(block) does not fit") }
        return cut
    }

    var blockCount: Int { trailer.blocks }

    /// Checks every checksum and reads every block.
    func verify() throws(LogError) {
        let content = unsafe Self.checksum(mapped.bytes, 0..<trailer.indexStart)
        _ = try open()
        var messages = 0
        for block in 0..<blockCount { messages += try text(ofBlock: block).count }
        guard messages == rows else {
            throw damage(trailer.indexStart, "\(messages) messages, not \(rows)")
        }
        guard content == trailer.contentChecksum else {
            throw damage(0, "the checksum of header, dictionary and blocks does not fit")
        }
    }

    private func open() throws(LogError) -> Opened {
        if let opened = opened.withLock({ $0 }) { return opened }
        let region = trailer.indexStart..<trailer.indexStart + trailer.indexLength
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: mapped.bytes[region])
        guard unsafe Checksum.crc32c(bytes) == trailer.indexChecksum,
            let ends = unsafe PackedArray(bytes),
            let firsts = unsafe PackedArray(
                UnsafeRawBufferPointer(rebasing: bytes[ends.byteCount...])),
            ends.count == trailer.blocks, firsts.count == trailer.blocks,
            ends.byteCount + firsts.byteCount + 4 * trailer.blocks == bytes.count
        else { throw damage(region.lowerBound, "the checksum of the list of blocks does not fit") }
        let dictionary = unsafe UnsafeRawBufferPointer(rebasing: mapped.bytes[dictionaryRange])
        guard unsafe Checksum.crc32c(dictionary) == dictionaryChecksum else {
            throw damage(
                dictionaryRange.lowerBound, "the checksum of the dictionary does not fit")
        }
        let made = Opened(
            index: Index(
                ends: ends, firsts: firsts,
                checksums: region.lowerBound + ends.byteCount + firsts.byteCount),
            decompressor: unsafe ZstdDecompressor(dictionary: dictionary))
        opened.withLock { $0 = made }
        return made
    }

    private func damage(_ offset: Int, _ reason: String) -> LogError {
        .damaged(
            Damage(
                path: path, offset: offset, reason: reason, firstSequence: firstSequence,
                count: UInt64(rows)))
    }

    private static func damage(_ path: String, _ offset: Int, _ reason: String) -> LogError {
        .damaged(
            Damage(path: path, offset: offset, reason: reason, firstSequence: 0, count: nil))
    }

    private static func checksum(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> UInt32 {
        unsafe Checksum.crc32c(UnsafeRawBufferPointer(rebasing: bytes[range]))
    }
}
