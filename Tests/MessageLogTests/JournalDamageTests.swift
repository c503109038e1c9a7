// What could go wrong: a torn tail is taken for damage and the log refuses to open; damage is taken
// for a torn tail and acknowledged records are cut away in silence; a flipped bit is served as
// truth; bytes inside a payload pass for a batch. So: every bit before the last batch, which
// TornTailTests tears.
import Disk
import DiskSimulation
import Model
import Testing

@testable import MessageLog

@Suite struct JournalDamageTests {
    static let journal = logDirectory + "/" + LogFileName.journal(1)

    /// A log of four batches in one journal whose process died; where each batch begins.
    struct Sample {
        let disk: SimulatedDisk
        let batches: [[[UInt8]]]
        var starts: [Int] = []
        var end = 0

        /// - Parameters:
        ///   - more: batches of 2 KiB before the last.
        ///   - lastBatch: the sizes of its payloads.
        ///   - seed: decides the journal's salt.
        init(more: Int = 0, lastBatch: [Int] = [60, 500], seed: UInt64 = 1) throws {
            disk = try newDisk()
            let first = [
                [message(1)], [message(2), message(3, byteCount: 450)],
                [message(4, byteCount: 90)],
            ]
            let between = (0..<more).map { [message(5 + UInt64($0), byteCount: 2_000)] }
            let torn = lastBatch.enumerated().map {
                message(5 + UInt64(more + $0), byteCount: $1)
            }
            batches = first + between + [torn]
            let bytes = max(1 << 16, 2 * (lastBatch.reduce(0, +) + more << 11))
            let log = try openLog(disk, smallOptions(journalBytes: bytes, seed: seed))
            var known = Acknowledged()
            for batch in batches { try known.append(batch, to: log) }
            let scanner = try JournalScanner(
                try disk.open(JournalDamageTests.journal, .read), first: 1, logID: log.logID)
            let last = UInt64(known.durable.count)
            try scanner.forEachBatch(before: last + 1) { batch in
                starts.append(batch.offset)
                end = batch.end
                return true
            }
            // Without the reserved space, so that copies are small.
            try disk.open(JournalDamageTests.journal, .readWrite).truncate(to: end)
        }

        func copy() -> SimulatedDisk { disk.crashImage(.everything) }
        var records: [[UInt8]] { batches.flatMap { $0 } }
        var withoutLast: [[UInt8]] { batches.dropLast().flatMap { $0 } }
    }

    @Test func everyFlippedBitBeforeTheLastBatchIsRefusedAndLocated() throws {
        let sample = try Sample()
        for bit in 0..<8 { try flip(bit, of: sample) }
    }

    /// A segment's worth of bits: 64 KiB of batches, and what they begin with.
    @Test(arguments: 0..<8) func everyFlippedBitOf64KiB(bit: Int) throws {
        let sample = try Sample(more: 32)
        #expect(try #require(sample.starts.last) > 64 << 10)
        try flip(bit, of: sample)
    }

    /// One bit of each byte before the last batch, one at a time.
    private func flip(_ bit: Int, of sample: Sample) throws {
        let bytes = try #require(sample.disk.contents(of: Self.journal))
        let blocks = [0] + sample.starts
        let last = try #require(blocks.last)
        let disk = sample.disk.crashImage(.everything)
        for place in 0..<last {
            disk.overwrite(Self.journal, at: place, with: [bytes[place] ^ (1 << UInt8(bit))])
            let block = try #require(blocks.last { $0 <= place })
            let next = try #require(blocks.first { $0 > place })
            // The damaged block begins where the report says, or is the padding before it.
            let isPadding = place + 512 > next
            // Half a million of them: an expectation takes longer than an opening.
            do {
                _ = try openLog(disk)
                Issue.record("bit \(bit) of byte \(place): it opens")
            } catch LogError.damaged(let damage)
                where damage.path == Self.journal
                && (damage.offset == block || isPadding && damage.offset <= place)
            {} catch { Issue.record("bit \(bit) of byte \(place): \(error)") }
            disk.overwrite(Self.journal, at: place, with: [bytes[place]])
        }
        #expect(disk.contents(of: Self.journal) == bytes, "nothing is cut away")
    }

    @Test func everyFlippedBitOfASealedJournalIsFound() throws {
        let sample = try Sample()
        let records = sample.records
        try openLog(sample.disk).close()
        let bytes = try #require(sample.disk.contents(of: Self.journal))
        // Bits of one byte differ in nothing that the format knows: one of each byte, in turn.
        for place in 0..<bytes.count {
            let disk = sample.disk.crashImage(.everything)
            disk.overwrite(Self.journal, at: place, with: [bytes[place] ^ (1 << (place % 8))])
            guard place >= 512 else {
                #expect(throws: LogError.self, "byte \(place)") { try openLog(disk) }
                continue
            }
            let log = try openLog(disk)
            let report = try log.verify()
            #expect(!report.isSound, "byte \(place)")
            let lost = report.damage.reduce(0) { $0 + ($1.count ?? 0) }
            #expect(report.records + lost == 6, "byte \(place): \(report)")
            for segment in log.snapshot.segments {
                var reader = PayloadReader(segment)
                for row in 0..<segment.rows {
                    guard let read = try? Kept(segment, row: row, &reader) else { continue }
                    #expect(read == Kept(records[row]), "byte \(place), row \(row)")
                }
            }
        }
    }

    @Test func payloadsThatHoldWholeBatchesConfuseNobody() throws {
        let sample = try Sample()
        let copied = try #require(sample.disk.contents(of: Self.journal))
        let start = JournalFormat.aligned(sample.end)
        // The payload's place in the file, so that the copied batches fall on aligned offsets.
        let front =
            start + JournalFormat.batchHeaderBytes + JournalFormat.recordChecksumBytes
            + message(7, payload: []).count
        let padding = Array(repeating: UInt8(7), count: JournalFormat.aligned(front) - front)
        let records = [message(7, payload: padding + copied + copied)]
        let log = try openLog(sample.disk, smallOptions(journalBytes: 1 << 16))
        let kept = sample.records.map { Kept($0) }
        var known = Acknowledged(durable: kept)
        try known.append(records, to: log)
        #expect(try contents(log) == known.durable)
        let bytes = try #require(sample.disk.contents(of: Self.journal))
        for cut in [start + 40, start + 700, start + 1_600, start + 3_000, start + 5_000] {
            let disk = sample.disk.crashImage(.everything)
            try disk.open(Self.journal, .readWrite).truncate(to: cut)
            #expect(try contents(try openLog(disk)) == kept, "cut at \(cut)")
            let broken = sample.disk.crashImage(.everything)
            broken.overwrite(Self.journal, at: start, with: [bytes[start] ^ 1])
            #expect(try contents(try openLog(broken)) == kept)
        }
        #expect(try contents(try openLog(sample.disk)) == known.durable)
    }

    /// A batch that is valid in itself, salt, place and sequence, may be one of another past, where
    /// a disk has put an older copy back.
    @Test func aBatchOfAnotherPastBreaksTheChain() throws {
        let disk = try newDisk()
        let options = smallOptions(journalBytes: 1 << 16)
        func append(_ record: [UInt8], to disk: SimulatedDisk, after count: Int) throws {
            let log = try openLog(disk, options)
            #expect(log.snapshot.end == UInt64(count))
            var outcomes: [AppendOutcome] = []
            try log.append([recordBatch([record])], outcomes: &outcomes)
        }
        try append(message(1), to: disk, after: 0)
        let other = disk.crashImage(.everything)
        try append(message(2, byteCount: 90), to: disk, after: 1)
        try append(message(3), to: disk, after: 2)
        try append(message(92, byteCount: 90), to: other, after: 1)
        let scanner = try JournalScanner(try disk.open(Self.journal, .read), first: 1, logID: nil)
        var places: [Range<Int>] = []
        try scanner.forEachBatch(before: 4) { batch in
            places.append(batch.offset..<batch.end)
            return true
        }
        let bytes = try #require(other.contents(of: Self.journal))
        #expect(disk.contents(of: Self.journal)?.count == bytes.count)
        disk.overwrite(Self.journal, at: places[1].lowerBound, with: Array(bytes[places[1]]))
        let error = #expect(throws: LogError.self) { try openLog(disk) }
        guard case .damaged(let damage) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(damage.offset == places[2].lowerBound && damage.firstSequence == 3, "\(damage)")
    }

    /// Each record's own checksum is right then, and the batch's header untouched.
    @Test func recordsThatChangedPlacesAreFound() throws {
        let disk = try newDisk()
        let log = try openLog(disk, smallOptions(journalBytes: 1 << 16))
        let records = [message(1, byteCount: 80), message(2, byteCount: 80)]
        var outcomes: [AppendOutcome] = []
        try log.append([recordBatch(records)], outcomes: &outcomes)
        try log.append([recordBatch([message(3)])], outcomes: &outcomes)
        let start = JournalFormat.headerBytes + JournalFormat.batchHeaderBytes
        let size = JournalFormat.recordChecksumBytes + records[0].count
        #expect(records[1].count == records[0].count)
        let bytes = try #require(disk.contents(of: Self.journal))
        disk.overwrite(
            Self.journal, at: start,
            with: Array(bytes[start + size..<start + 2 * size] + bytes[start..<start + size]))
        #expect(throws: LogError.self) { try openLog(disk) }
    }

    /// Columns that are whole in themselves, and of other messages than their journal's.
    @Test func columnsOfOtherRecordsAreFound() throws {
        let disks = try [UInt64(0), 1_000].map { first -> SimulatedDisk in
            let disk = try newDisk()
            let log = try openLog(disk)
            var known = Acknowledged()
            try known.append((1...100).map { message(first + $0) }, to: log)
            try log.close()
            return disk
        }
        let sealed = try disks[0].list(logDirectory).filter { $0.hasSuffix(".columns") }.sorted()
        let path = logDirectory + "/" + (try #require(sealed.first))
        let other = try #require(disks[1].contents(of: path))
        let file = try disks[0].open(path, .readWrite)
        try file.truncate(to: 0)
        try other.writeAll(to: file, at: 0)
        let report = try openLog(disks[0]).verify()
        #expect(report.damage.map(\.path) == [path])
    }

    /// Nothing but its own batches says how many records the last journal has: a log that is served
    /// all the same refuses each of those, and knows of no other.
    @Test func theLastJournalIsServedAsFarAsItsBatchesGo() throws {
        let sample = try Sample()
        let records = UInt64(sample.batches.reduce(0) { $0 + $1.count })
        var options = smallOptions(readOnly: true)
        options.servesDamaged = true
        // In its header, and in its first batch.
        for place in [20, sample.starts[0] + 9] {
            let disk = sample.disk.crashImage(.everything)
            let byte = try #require(disk.contents(of: Self.journal))[place]
            disk.overwrite(Self.journal, at: place, with: [byte ^ 16])
            #expect(throws: LogError.self, "byte \(place)") { try openLog(disk) }
            let log = try openLog(disk, options)
            #expect(log.snapshot.end == records, "byte \(place)")
            #expect(log.recovery.damage.map(\.path) == [Self.journal], "byte \(place)")
            let damage = try #require(log.recovery.damage.first)
            let segment = try #require(log.snapshot.segments.first)
            var reader = PayloadReader(segment)
            for row in 0..<segment.rows {
                #expect(throws: LogError.damaged(damage), "byte \(place), row \(row)") {
                    try reader.payload(ofRow: row)
                }
            }
            #expect(try log.verify().damage == [damage], "byte \(place)")
        }
    }

    @Test func whatIsClosedOrDroppedHasWords() throws {
        let log = try openLog(newDisk())
        try log.close()
        var outcomes: [AppendOutcome] = []
        let error = #expect(throws: LogError.self) {
            try log.append([recordBatch([message(1)])], outcomes: &outcomes)
        }
        #expect(error == .closed && "\(LogError.closed)".contains("open it again"))
        #expect("\(LogError.dropped(sequence: 7))".contains("the payload of sequence 7"))
        #expect(LogFileName.torn(7, number: 1) == "torn-00000000000000000007")
        #expect(LogFileName.torn(7, number: 2) == "torn-00000000000000000007-2")
    }

    @Test func aTailLongerThanAnyBatchIsDamage() throws {
        let sample = try Sample()
        let file = try sample.disk.open(Self.journal, .readWrite)
        let beyond = sample.end + Limits.batchBytesMax + 2 * Limits.batchAlignmentBytes
        try [UInt8(1)].writeAll(to: file, at: beyond)
        #expect(throws: LogError.self) { try openLog(sample.disk) }
    }

    @Test func missingFilesAreDamage() throws {
        let disk = try newDisk()
        var workload = Workload(archives: false)
        try workload.run(disk)
        let names = try disk.list(logDirectory)
        #expect(names.filter { $0.hasSuffix(".journal") }.count > 3)
        for name in names.dropLast(2) where name.hasSuffix(".journal") {
            let copy = disk.crashImage(.everything)
            try copy.remove(logDirectory + "/" + name)
            #expect(throws: LogError.self, "\(name)") { try openLog(copy) }
        }
        for name in names where name.hasSuffix(".columns") {
            let copy = disk.crashImage(.everything)
            try copy.remove(logDirectory + "/" + name)
            expectRecovers(copy, workload.acknowledged, "without \(name)")
        }
    }

    @Test func newerVersionsAreRefusedInWords() throws {
        let sample = try Sample()
        var header = Array(try #require(sample.disk.contents(of: Self.journal)).prefix(508))
        header.replaceSubrange(8..<12, with: [2, 0, 0, 0])
        header.append(integer: Checksum.crc32c(header))
        sample.disk.overwrite(Self.journal, at: 0, with: header)
        let newer = LogError.unsupportedVersion(path: Self.journal, version: 2)
        #expect(throws: newer) { try openLog(sample.disk) }
    }

    @Test func unknownKindsAreSkippedUnlessCritical() throws {
        for flags in [0, Record.Flags.critical] {
            let disk = try newDisk()
            let log = try openLog(disk)
            var known = Acknowledged()
            try known.append(
                [message(1), message(2, flags: flags, kind: 77, payload: [1, 2, 3]), message(3)],
                to: log)
            if flags == 0 {
                expectRecovers(disk, known, "an unknown kind")
            } else {
                let refusal = LogError.unknownCriticalRecord(
                    path: Self.journal, sequence: 2, kind: 77)
                #expect(throws: refusal) { try openLog(disk) }
            }
        }
    }
}
