// What could go wrong: an archive gives back another payload than the journal had, or the right one
// for the wrong row; a merge loses or doubles rows, names or ids; damage is read as data; a reader
// that began before a merge loses its files; a log of archives alone does not open.
import Disk
import DiskSimulation
import Glibc
import Model
import TestSupport
import Testing

@testable import MessageLog

@Suite struct ArchiveTests {
    /// Messages of a few topics with ids, times, digits and odd bytes in their payloads.
    private func message(
        _ number: UInt64, commitWords: Int = 2, _ random: inout SeededGenerator
    ) -> [UInt8] {
        let topic = "org.example.prod." + random.pick(["git.receive", "wiki.edit", "bodhi", "z"])
        let id = MessageID(form: 2_026, high: random.next(), low: random.next())
        let micros = Int64(number) * 1_000_000 + Int64(random.pick([0, 250_000, 123_456]))
        let time = Double(micros) / 1_000_000
        var text =
            "{\"topic\":\"\(topic)\",\"msg_id\":\"\(id.exactText ?? "")\",\"timestamp\":\(time),"
            + "\"msg\":{\"commit\":\""
        for _ in 0..<commitWords { text += String(random.next(), radix: 16) }
        text += "\",\"n\":\(number),\"summary\":\""
        for _ in 0..<random.below(40) { text += random.pick(["lorem ", "ipsum ", "dolor "]) }
        var payload = Array((text + "\"}}").utf8)
        if random.chance(5) { payload = (0..<300).map { _ in UInt8(random.below(256)) } }
        if random.chance(2) { payload = Array(repeating: 120, count: 20_000) }
        let isMessage = !random.chance(5)
        var batch = RecordBatch()
        payload.withUnsafeBytes { bytes in
            batch.append(
                kind: isMessage ? Record.Kind.message : Record.Kind.feed,
                timestamp: Timestamp(microseconds: micros), id: id,
                names: isMessage
                    ? [(.topic, Array(topic.utf8))]
                        + (0..<random.below(3)).map {
                            (.user, Array("user\(number % 5)\($0)".utf8))
                        } : [],
                payload: bytes)
        }
        return batch.bytes
    }

    /// Random appends, seals, merges and openings, each followed by a look at everything.
    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func everyHistoryReadsAsItWasWritten(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let disk = try newDisk(seed: seed)
        let options = smallOptions(
            journalBytes: random.pick([4_096, 16_384, 65_536]),
            segmentRecords: random.pick([10, 40, 100]), seed: seed)
        var log = try openLog(disk, options)
        var known = Acknowledged()
        var number: UInt64 = 0
        for step in 0..<14 {
            let what = "seed \(seed), step \(step)"
            let before = log.snapshot
            switch random.below(6) {
            case 0...2:
                let records = (0..<(1 + random.below(50))).map { _ -> [UInt8] in
                    number += 1
                    return message(number, &random)
                }
                try known.append(records, to: log)
            case 3: _ = try log.compactNext(everything: false, isStopped: { false })
            case 4:
                while try log.compactNext(everything: true, isStopped: { false }) > 0 {}
                #expect(log.snapshot.segments.count <= 2, "\(what)")
            default:
                try log.close()
                log = try openLog(disk, options)
                #expect(log.recovery.clean && log.recovery.columnsRebuilt == [], "\(what)")
            }
            #expect(try contents(log) == known.durable, "\(what)")
            #expect(try log.verify().isSound, "\(what)")
            expectReadable(before, known, what)
        }
        try log.close()
        let again = try openLog(disk, options)
        #expect(try contents(again) == known.durable, "seed \(seed)")
        #expect(try orphans(disk, again) == [], "seed \(seed)")
    }

    /// What a snapshot showed can still be read from it.
    private func expectReadable(_ snapshot: LogSnapshot, _ known: Acknowledged, _ what: String) {
        for segment in snapshot.segments {
            var reader = PayloadReader(segment)
            for row in [0, segment.rows / 2, segment.rows - 1] {
                let kept = try? Kept(segment, row: row, &reader)
                #expect(kept == known.durable[Int(segment.firstSequence) - 1 + row], "\(what)")
            }
        }
    }

    /// A log of one archive, closed; its files.
    private func archived(
        _ count: Int = 60, commitWords: Int = 2, seed: UInt64 = 77
    ) throws -> (disk: SimulatedDisk, known: Acknowledged, archive: String, columns: String) {
        let disk = try newDisk()
        let options = smallOptions(journalBytes: 1 << 23, segmentRecords: 8_000)
        let log = try openLog(disk, options)
        var random = SeededGenerator(seed: seed)
        var known = Acknowledged()
        try known.append(
            (1...UInt64(count)).map { message($0, commitWords: commitWords, &random) }, to: log)
        try log.close()
        let again = try openLog(disk, options)
        #expect(try again.compactNext(everything: true, isStopped: { false }) == count)
        try again.close()
        let last = UInt64(count)
        return (
            disk, known, logDirectory + "/" + LogFileName.archive(1, last),
            logDirectory + "/" + LogFileName.columns(1, last)
        )
    }

    /// Of the archive, and of its columns: found, said where, and never taken for an answer.
    @Test func everyFlippedBitIsFound() throws {
        let sample = try archived()
        for path in [sample.archive, sample.columns] {
            let bytes = try #require(sample.disk.contents(of: path))
            for place in 0..<bytes.count {
                let disk = sample.disk.crashImage(.everything)
                let bit = UInt8(1) << (place % 8)
                disk.overwrite(path, at: place, with: [bytes[place] ^ bit])
                guard let log = try? openLog(disk) else { continue }
                for segment in log.snapshot.segments {
                    var reader = PayloadReader(segment)
                    for row in 0..<segment.rows {
                        let before = log.notes.count
                        guard let kept = try? Kept(segment, row: row, &reader),
                            log.notes.count == before
                        else { continue }
                        #expect(kept == sample.known.durable[row], "byte \(place), row \(row)")
                    }
                }
                let report = try log.verify()
                if report.isSound { try expectPadding(bytes, place, path == sample.columns) }
                #expect(
                    report.isSound || report.damage.first?.path == path, "byte \(place)")
            }
        }
    }

    /// Of an archive of 64 KiB and of its columns: each bit of each 1,009th byte, or of each that
    /// `TALLYLOG_BITS` says, the first one by the seed. Its rows are few and long: all bits are
    /// nearly 700,000 looks at them, which take a quarter of an hour.
    @Test(arguments: 0..<8) func flippedBitsOfALargerArchiveAreFoundAndLocated(bit: Int) throws {
        let step = Amount.of("TALLYLOG_BITS", 1_009)
        let sample = try archived(110, commitWords: 80)
        let reading = smallOptions(readOnly: true)
        #expect(try #require(sample.disk.contents(of: sample.archive)).count >= 64 << 10)
        for path in [sample.archive, sample.columns] {
            let bytes = try #require(sample.disk.contents(of: path))
            let first = Int(Amount.seed % UInt64(step))
            for place in stride(from: first, to: bytes.count, by: step) {
                sample.disk.overwrite(path, at: place, with: [bytes[place] ^ (1 << UInt8(bit))])
                let found = try damage(sample.disk, reading, sample.known)
                let isPadding = bytes[place] == 0 && path == sample.columns
                #expect(
                    found.map { $0.path == path && $0.offset <= place } ?? isPadding,
                    "bit \(bit) of byte \(place): \(String(describing: found))")
                sample.disk.overwrite(path, at: place, with: [bytes[place]])
            }
        }
        #expect(try damage(sample.disk, reading, sample.known) == nil)
    }

    /// Only an archive of some megabytes has a dictionary. Every block needs it, so the damage is
    /// said to be there, and not in the first block that is read.
    @Test func aDamagedDictionaryIsFoundWhereItStands() throws {
        let sample = try archived(6_000)
        let bytes = try #require(sample.disk.contents(of: sample.archive))
        let length = bytes.withUnsafeBytes { Int($0.integer(at: 28, as: UInt32.self)) }
        let dictionary = 64..<64 + length
        #expect(length >= 4 << 10)
        #expect(try contents(openLog(sample.disk.crashImage(.everything))) == sample.known.durable)
        var random = SeededGenerator(seed: 5)
        for _ in 0..<40 {
            let place = dictionary.lowerBound + random.below(length)
            let disk = sample.disk.crashImage(.everything)
            let flipped = bytes[place] ^ (1 << UInt8(random.below(8)))
            disk.overwrite(sample.archive, at: place, with: [flipped])
            let log = try openLog(disk, smallOptions(readOnly: true))
            var reader = PayloadReader(log.snapshot.segments[0])
            #expect(throws: LogError.self, "byte \(place)") { try reader.payload(ofRow: 0) }
            let found = try #require(try log.verify().damage.first, "byte \(place)")
            #expect(found.path == sample.archive && found.offset == 64, "byte \(place)")
        }
    }

    /// What opening, or verifying, finds. What can be read is what was written.
    private func damage(
        _ disk: SimulatedDisk, _ options: LogOptions, _ known: Acknowledged
    ) throws -> Damage? {
        let log: MessageLog
        do { log = try openLog(disk, options) } catch LogError.damaged(let damage) {
            return damage
        } catch LogError.unsupportedVersion(let path, _) {
            return Damage(path: path, offset: 0, reason: "", firstSequence: 1)
        }
        for segment in log.snapshot.segments {
            var reader = PayloadReader(segment)
            for row in 0..<segment.rows {
                let before = log.notes.count
                let payload = try? reader.payload(ofRow: row)
                if let payload, log.notes.count == before {
                    #expect(payload == known.durable[row].payload, "row \(row)")
                }
            }
        }
        return try log.verify().damage.first
    }

    /// Only the zeros between sections mean nothing, and only columns have them.
    private func expectPadding(_ bytes: [UInt8], _ place: Int, _ mayBe: Bool) throws {
        #expect(mayBe && bytes[place] == 0, "byte \(place)")
    }

    @Test func aFileThatIsMissingOrAnotherOnesIsRefused() throws {
        let sample = try archived()
        for path in [sample.archive, sample.columns] {
            let disk = sample.disk.crashImage(.everything)
            try disk.remove(path)
            #expect(throws: LogError.self, "without \(path)") { try openLog(disk) }
            let names = try disk.list(logDirectory)
            #expect(throws: LogError.self) { try openLog(disk) }
            #expect(try disk.list(logDirectory) == names, "nothing was removed")
        }
        // One of another length; and one of as many other messages, of a log with the same id.
        for other in [try archived(61), try archived(seed: 78)] {
            let bytes = try #require(other.disk.contents(of: other.archive))
            let disk = sample.disk.crashImage(.everything)
            let file = try disk.open(sample.archive, .readWrite)
            try file.truncate(to: 0)
            try bytes.writeAll(to: file, at: 0)
            #expect(throws: LogError.self) { try openLog(disk) }
        }
    }

    /// A journal that cannot be read stays as it is, and those beside it do not wait for it.
    @Test(arguments: [false, true])
    func aDamagedJournalIsLeftOut(everything: Bool) throws {
        let disk = try newDisk()
        let log = try openLog(disk)
        var random = SeededGenerator(seed: 8)
        var known = Acknowledged()
        try known.append((1...240).map { message($0, &random) }, to: log)
        let before = log.snapshot.segments
        let damaged = before[1]
        let path = logDirectory + "/" + LogFileName.journal(damaged.firstSequence)
        disk.overwrite(path, at: 700, with: [1, 2, 3])
        #expect(before.count > 3)
        var failures = 0
        for _ in 0..<50 {
            do {
                if try log.compactNext(everything: everything, isStopped: { false }) == 0 { break }
            } catch {
                guard case .damaged(let damage) = error else { throw error }
                #expect(damage.path == path)
                failures += 1
            }
        }
        #expect(failures == 1)
        let after = log.snapshot.segments
        #expect(after.filter { !$0.isArchived }.map(\.key).contains(damaged.key))
        #expect(after.contains { $0.isArchived && $0.firstSequence < damaged.firstSequence })
        #expect(after.contains { $0.isArchived && $0.firstSequence > damaged.firstSequence })
        for segment in after where segment.isArchived {
            var reader = PayloadReader(segment)
            for row in 0..<segment.rows {
                let kept = try Kept(segment, row: row, &reader)
                #expect(kept == known.durable[Int(segment.firstSequence) - 1 + row])
            }
        }
    }

    @Test func aStoppedMergeLeavesEverythingAsItWas() throws {
        let disk = try newDisk()
        let log = try openLog(disk)
        var random = SeededGenerator(seed: 3)
        var known = Acknowledged()
        try known.append((1...100).map { message($0, &random) }, to: log)
        let names = try disk.list(logDirectory)
        var patience = 0
        while true {
            var asked = 0
            let outcome = Result { () throws(LogError) in
                try log.compactNext(everything: true) {
                    asked += 1
                    return asked > patience
                }
            }
            if case .success = outcome { break }
            #expect(outcome == .failure(.closed))
            #expect(try disk.list(logDirectory) == names, "given up at look \(patience + 1)")
            #expect(try contents(log) == known.durable)
            patience += 1
        }
        // While it cuts, writes the archive, writes columns, and reads both back.
        #expect(patience > 5)
        #expect(try contents(log) == known.durable)
    }
}
