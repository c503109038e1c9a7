import Disk
import Model

/// A write to the log that failed, by what it means for the log.
enum JournalFailure: Error {
    /// Nothing of it remains; the log goes on.
    case refused(DiskError)
    /// Nobody knows what is on the disk; the log must not be written any more.
    case poisoning(DiskError)
}

/// Appends batches to one journal, one at a time, each durable before the next.
final class JournalWriter {
    let path: String
    let file: any DiskFile
    let salt: UInt64
    /// Behind the last durable batch.
    private(set) var end: ChainPosition
    /// How far the file reaches: space reserved ahead, all zero.
    private var reserved: Int
    /// A journal that would grow beyond this is full.
    private let capacity: Int

    /// Goes on behind `end` in a journal that was just created, or rewritten in recovery.
    init(_ file: any DiskFile, salt: UInt64, end: ChainPosition, capacity: Int) {
        path = file.path
        self.file = file
        self.salt = salt
        self.end = end
        self.capacity = capacity
        reserved = end.offset
    }

    var isEmpty: Bool { end.offset == JournalFormat.headerBytes }

    /// Whether a batch of `paddedBytes` belongs into this journal. An empty one takes any batch.
    func takes(_ paddedBytes: Int) -> Bool {
        isEmpty || JournalFormat.aligned(end.offset) + paddedBytes <= capacity
    }

    /// Writes a batch and synchronizes. Returns the batch's offset in the file once it is durable.
    func append(_ batch: inout BatchBuilder) throws(JournalFailure) -> Int {
        let offset = JournalFormat.aligned(end.offset)
        try reserve(upTo: offset + batch.paddedBytes)
        let checksum = batch.finish(
            salt: salt, firstSequence: end.sequence, previous: end.checksum)
        do {
            try batch.write(to: file, at: offset)
        } catch {
            try cutBack()
            throw .refused(error)
        }
        do { try file.synchronize() } catch { throw .poisoning(error) }
        end = ChainPosition(
            offset: offset + batch.usedBytes, sequence: end.sequence + UInt64(batch.count),
            checksum: checksum)
        return offset
    }

    /// Makes room ahead in large steps: overwriting reserved space is much cheaper than growing.
    private func reserve(upTo needed: Int) throws(JournalFailure) {
        guard needed > reserved else { return }
        let step = Limits.journalReserveBytes
        let ahead = max(needed, min(capacity, (needed + step - 1) / step * step))
        if try allocate(upTo: ahead) == nil { return }
        // Perhaps there is room for this batch, if not for so many more.
        if let failure = try allocate(upTo: needed) { throw .refused(failure) }
    }

    /// Returns why it did not work, with the file cut back to where it was.
    private func allocate(upTo size: Int) throws(JournalFailure) -> DiskError? {
        do {
            try file.allocate(to: size)
            reserved = size
            return nil
        } catch {
            try cutBack()
            return error
        }
    }

    /// Takes away everything behind the last durable batch.
    func cutBack() throws(JournalFailure) {
        do {
            try file.truncate(to: end.offset)
            reserved = end.offset
        } catch {
            throw .poisoning(error)
        }
    }
}

extension JournalWriter {
    /// Makes a new journal: under a temporary name until its header is durable, so that no crash
    /// leaves a journal without one.
    static func create(
        _ disk: any Disk, directory: String, header: JournalHeader, capacity: Int
    ) throws(JournalFailure) -> JournalWriter {
        let path = directory + "/" + LogFileName.journal(header.firstSequence)
        let bytes = header.encoded()
        try DurableFile.make(disk, directory: directory, path: path) {
            file throws(DiskError) in
            try bytes.writeAll(to: file, at: 0)
        }
        let file: any DiskFile
        do { file = try disk.open(path, .readWrite) } catch { throw .refused(error) }
        let checksum = unsafe bytes.withUnsafeBytes {
            unsafe $0.integer(at: JournalFormat.headerBytes - 4, as: UInt32.self)
        }
        let start = ChainPosition(
            offset: JournalFormat.headerBytes, sequence: header.firstSequence, checksum: checksum)
        return JournalWriter(file, salt: header.salt, end: start, capacity: capacity)
    }
}
