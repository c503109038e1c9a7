// What could go wrong: a batch kept in memory answers for another journal, or for bytes that it
// does not have; memory that a reader still looks at is written again for a later batch; more is
// kept than is allowed; readers fetch from the disk what is kept, or get something else where it is
// not.
import Disk
import DiskSimulation
import Model
import TestSupport
import Testing

@testable import MessageLog

@Suite struct RecentBatchesTests {
    private static let largeBytes = Limits.directWriteBytesMin

    @Test(arguments: [21, 22, 23] as [UInt64])
    func whatIsKeptIsWhatWasWritten(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let bytesMax = 8 << 20
        let recent = RecentBatches(bytesMax: bytesMax)
        /// Each batch's journal, place and fill, the oldest first.
        var written: [(journal: UInt64, offset: Int, count: Int, fill: UInt8)] = []
        var read: [(batch: RecentBatches.Batch, place: Int, fill: UInt8)] = []
        var ends: [UInt64: Int] = [:]
        var buffer = PageBuffer()
        for number in 0..<100 {
            let journal = UInt64(random.below(3))
            let count = random.chance(30) ? 4_096 : Self.largeBytes * (1 + random.below(2))
            let (offset, fill) = (ends[journal, default: 4_096], UInt8(number))
            buffer.removeAll()
            [UInt8](repeating: fill, count: count).withUnsafeBytes { buffer.append($0) }
            buffer = recent.keep(buffer, of: journal, at: offset)
            ends[journal] = offset + count
            written.append((journal, offset, count, fill))
            // A journal's neighbour answers neither for it nor past an end.
            #expect(recent.batch(with: ends[journal] ?? 0, of: journal) == nil)
            #expect(recent.batch(with: 4_096, of: 7) == nil)
            let kept = written.compactMap { known in
                let place = known.offset + random.below(known.count)
                return recent.batch(with: place, of: known.journal).map { ($0, place, known) }
            }
            #expect(kept.allSatisfy { $0.2.count >= Self.largeBytes }, "small ones stay in files")
            #expect(kept.map(\.2.count).reduce(0, +) <= bytesMax, "seed \(seed)")
            if count >= Self.largeBytes { #expect(kept.last?.2.fill == fill, "the newest is kept") }
            read = read.suffix(3) + kept.map { ($0.0, $0.1, $0.2.fill) }
            for reader in read {
                reader.batch.withBytes(from: reader.place) { bytes in
                    #expect(bytes.first == reader.fill && bytes.last == reader.fill, "seed \(seed)")
                }
            }
        }
    }

    @Test(arguments: [false, true])
    func newestPayloadsNeedNoDisk(readsAhead: Bool) throws {
        let disk = try newDisk()
        let log = try openLog(disk, smallOptions(journalBytes: 32 << 20, segmentRecords: 10_000))
        var acknowledged = Acknowledged()
        try acknowledged.append((1...3).map { message($0, byteCount: 400) }, to: log)
        try acknowledged.append((4...1_500).map { message($0, byteCount: 900) }, to: log)
        let segment = try #require(log.snapshot.segments.first)
        var reader = PayloadReader(segment, goesForward: readsAhead)
        disk.fail(call: 1, code: 5, forEver: true, only: .read)
        for row in 3..<1_500 {
            #expect(try reader.payload(ofRow: row) == acknowledged.durable[row].payload)
        }
        #expect(throws: LogError.self) { try reader.payload(ofRow: 1) }
        disk.clearFaults()
        for row in (0..<1_500).reversed() {
            #expect(try reader.payload(ofRow: row) == acknowledged.durable[row].payload)
        }
        try log.close()
    }
}
