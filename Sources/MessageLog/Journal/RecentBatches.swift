import Model
import Synchronization

/// The newest large batches of journals, in memory, for all readers of the process.
///
/// Such batches go past the page cache, and whoever follows the log would have to fetch from the
/// disk what was written a moment ago. They are kept in the memory that they were written from.
final class RecentBatches: Sendable {
    static let shared = RecentBatches(bytesMax: Limits.recentBatchesBytesMax)

    /// A batch as it stands in its journal.
    struct Batch: Sendable {
        /// The number of the journal, which no other in this process has.
        let journal: UInt64
        /// Of the batch's first byte in the file.
        let offset: Int
        /// Read only, for as long as anybody has it.
        fileprivate let buffer: SharedBuffer

        func contains(_ place: Int, of journal: UInt64) -> Bool {
            journal == self.journal && place >= offset && place - offset < buffer.value.count
        }

        /// Calls `body` with the bytes from a place in the file to the batch's end.
        func withBytes<Result, Failure: Error>(
            from place: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
        ) throws(Failure) -> Result {
            try unsafe buffer.value.withBytes { (whole) throws(Failure) in
                try unsafe body(UnsafeRawBufferPointer(rebasing: whole[(place - offset)...]))
            }
        }
    }

    /// Memory that its writer has let go of.
    fileprivate struct SharedBuffer: @unchecked Sendable {
        let value: PageBuffer
    }

    private struct Held {
        /// The oldest first.
        var batches: [Batch] = []
        var bytes = 0
    }

    private let held = Mutex(Held())
    private let bytesMax: Int

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// Takes a batch over once it is durable, if it is one that readers would fetch from the disk.
    /// - Returns: the buffer for the next batch; its bytes are of no use.
    func keep(_ buffer: PageBuffer, of journal: UInt64, at offset: Int) -> PageBuffer {
        guard buffer.count >= Limits.directWriteBytesMin, buffer.capacity <= bytesMax else {
            return buffer
        }
        let batch = Batch(journal: journal, offset: offset, buffer: SharedBuffer(value: buffer))
        return held.withLock { held in
            held.batches.append(batch)
            held.bytes += buffer.capacity
            var free: PageBuffer?
            while held.bytes > bytesMax {
                var oldest = held.batches.removeFirst().buffer.value
                held.bytes -= oldest.capacity
                // Whoever reads it still keeps it.
                if isKnownUniquelyReferenced(&oldest) { free = oldest }
            }
            return free ?? PageBuffer()
        }
    }

    /// The batch with a place of the journal's file, if it is kept.
    func batch(with place: Int, of journal: UInt64) -> Batch? {
        held.withLock { $0.batches.last { $0.contains(place, of: journal) } }
    }
}
