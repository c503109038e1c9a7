// What could go wrong: repair loses what could be read, gives back what was not written, moves a
// record to another sequence, says less than it lost, throws the damaged file away, or leaves a log
// that still does not open. So: damage logs of every shape at random, repair, and hold the result
// against what was written.
import Disk
import DiskSimulation
import Model
import TestSupport
import Testing

@testable import MessageLog

@Suite struct RepairTests {
    /// A log in journals and archives, sealed or not, and what was written into it.
    private func log(
        _ random: inout SeededGenerator, seed: UInt64
    ) throws -> (disk: SimulatedDisk, records: [Kept]) {
        let disk = try newDisk(seed: seed)
        let options = smallOptions(
            journalBytes: random.pick([8_192, 65_536]), segmentRecords: random.pick([30, 200]),
            seed: seed)
        var known = Acknowledged()
        var number: UInt64 = 0
        let log = try openLog(disk, options)
        for _ in 0..<(4 + random.below(8)) {
            let records = (0..<(1 + random.below(40))).map { _ -> [UInt8] in
                number += 1
                return message(number, byteCount: 20 + random.below(300))
            }
            try known.append(records, to: log)
            if random.chance(20) { _ = try log.compactNext(everything: false) { false } }
            if random.chance(15) {
                while try log.compactNext(everything: true, isStopped: { false }) > 0 {}
            }
        }
        if random.chance(50) { try log.close() }
        disk.restart()
        return (disk, known.durable)
    }

    /// Flips bits, cuts, or takes a file away; returns what.
    private func damage(
        _ disk: SimulatedDisk, _ random: inout SeededGenerator
    ) throws -> String {
        let names = try disk.list(logDirectory).sorted()
        if names.isEmpty { return "nothing is left" }
        let name = random.pick(names)
        let path = logDirectory + "/" + name
        let bytes = try #require(disk.contents(of: path))
        let used = max(1, (bytes.lastIndex { $0 != 0 } ?? 0) + 1)
        switch random.below(8) {
        case _ where bytes.isEmpty, 0:
            try disk.remove(path)
            return "\(name) removed"
        case 1:
            let size = random.below(used)
            try disk.open(path, .readWrite).truncate(to: size)
            return "\(name) cut to \(size) of \(used)"
        case 2:
            let start = random.below(used)
            let count = min(used - start, 1 + random.below(2_000))
            disk.overwrite(path, at: start, with: (0..<count).map { _ in UInt8(random.below(256)) })
            return "\(name) overwritten from \(start), \(count) bytes of \(used)"
        default:
            let place = random.below(used)
            let bit = UInt8(1) << UInt8(random.below(8))
            disk.overwrite(path, at: place, with: [bytes[place] ^ bit])
            return "\(name), a bit of byte \(place) of \(used)"
        }
    }

    @Test(arguments: 1...400 as ClosedRange<UInt64>)
    func whatIsWholeStaysAndWhatIsLostIsSaid(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let (disk, records) = try log(&random, seed: seed)
        var what = "seed \(seed)"
        for _ in 0..<(1 + random.below(3)) { what += ": " + (try damage(disk, &random)) }
        let before = Set(try disk.list(logDirectory))
        let report = try MessageLog.repair(disk, directory: logDirectory, options: smallOptions())
        let again = try MessageLog.repair(disk, directory: logDirectory, options: smallOptions())
        #expect(again.changedNothing, "\(what): \(again)")
        let log = try openLog(disk)
        var outcomes: [AppendOutcome] = []
        try log.append([report.records(at: Timestamp(seconds: 7))], outcomes: &outcomes)
        try expect(log, records, report, what)
        #expect(try log.verify().isSound, "\(what)")
        for path in report.kept {
            let name = String(path.dropFirst(logDirectory.utf8.count + 1))
            #expect(!before.contains(name) && disk.contents(of: path) != nil, "\(what): \(name)")
        }
        // It is a log like any other from here on.
        while try log.compactNext(everything: true, isStopped: { false }) > 0 {}
        try expect(log, records, report, what + ", compacted")
        try log.close()
        try expect(try openLog(disk), records, report, what + ", opened again")
    }

    private func expect(
        _ log: MessageLog, _ records: [Kept], _ report: RepairReport, _ what: String
    ) throws {
        let found = try contents(log).prefix(Int(log.snapshot.end) - report.losses.count)
        let said = log.snapshot.controls.compactMap { Loss($0.record) }
        #expect(said == report.losses, "\(what)")
        let lost = { (kind: Loss.What) in
            Set(report.losses.filter { $0.what == kind }.flatMap { $0.first..<$0.first + $0.count })
        }
        let (lostRecords, lostPayloads) = (lost(.records), lost(.payloads))
        for (place, record) in found.enumerated() {
            let sequence = UInt64(place + 1)
            guard place < records.count else {
                #expect(lostRecords.contains(sequence), "\(what): \(sequence) was never there")
                continue
            }
            var expected = records[place]
            if lostRecords.contains(sequence) {
                #expect(record.kind == Record.Kind.gap, "\(what): \(sequence)")
                continue
            }
            if lostPayloads.contains(sequence) { expected.payload = [] }
            #expect(record == expected, "\(what): \(sequence)")
        }
        // Only the last journal's end cannot be missed: nothing behind it says that it was there.
        if found.count < records.count {
            #expect(
                what.contains(".journal") || what.contains("removed") || what.contains("cut"),
                "\(what)")
        }
    }

    @Test func aWholeLogIsLeftAlone() throws {
        var random = SeededGenerator(seed: 9)
        let (disk, records) = try log(&random, seed: 9)
        let names = try disk.list(logDirectory)
        let report = try MessageLog.repair(disk, directory: logDirectory, options: smallOptions())
        #expect(report == RepairReport())
        #expect(try disk.list(logDirectory) == names)
        #expect(try contents(try openLog(disk)) == records)
    }

    /// One damaged piece of columns costs the rows in it, one damaged block of an archive the
    /// payloads in it, a damaged posting list nothing.
    @Test func oneFlippedBitCostsLittle() throws {
        let disk = try newDisk()
        let options = smallOptions(journalBytes: 1 << 22, segmentRecords: 4_000)
        let log = try openLog(disk, options)
        var known = Acknowledged()
        try known.append((1...3_000).map { message($0, byteCount: 200) }, to: log)
        try log.close()
        let archived = try openLog(disk, options)
        while try archived.compactNext(everything: true, isStopped: { false }) > 0 {}
        try archived.close()
        var whole = 0
        for name in try disk.list(logDirectory) {
            let path = logDirectory + "/" + name
            let bytes = try #require(disk.contents(of: path))
            for place in stride(from: 700, to: bytes.count, by: bytes.count / 40) {
                let copy = disk.crashImage(.everything)
                copy.overwrite(path, at: place, with: [bytes[place] ^ 16])
                let report = try MessageLog.repair(
                    copy, directory: logDirectory, options: smallOptions())
                let lost = report.losses.reduce(0) { $0 + $1.count }
                // Without the list of its blocks a file has nothing.
                if lost == 3_000 { whole += 1 } else { #expect(lost <= 1_200, "\(name), \(place)") }
                if name.hasSuffix(".archive") {
                    #expect(lost < 60 && report.losses.allSatisfy { $0.what == .payloads })
                }
                #expect(try openLog(copy).verify().isSound, "\(name) at \(place)")
            }
        }
        #expect(whole <= 4)
    }

    @Test func aFailedCallLeavesALogThatCanBeRepaired() throws {
        var random = SeededGenerator(seed: 31)
        let (disk, records) = try log(&random, seed: 31)
        var what = ""
        for _ in 0..<3 { what += try damage(disk, &random) + " " }
        let whole = disk.crashImage(.everything)
        let calls = whole.callCount
        let report = try MessageLog.repair(whole, directory: logDirectory, options: smallOptions())
        #expect(!report.changedNothing, "\(what)")
        let expected = try contents(try openLog(whole))
        for call in 1...whole.callCount - calls {
            let copy = disk.crashImage(.everything)
            copy.fail(call: copy.callCount + call, code: DiskError.inputOutputCode)
            _ = try? MessageLog.repair(copy, directory: logDirectory, options: smallOptions())
            copy.restart()
            for image in [copy, copy.crashImage(.nothingUnsynced)] {
                _ = try MessageLog.repair(image, directory: logDirectory, options: smallOptions())
                let found = try contents(try openLog(image))
                let first = zip(found, expected).first { $0 != $1 }
                #expect(
                    found == expected,
                    """
                    \(what), call \(call): \(found.count), \(expected.count), \(records.count), \
                    \(String(describing: first))
                    """)
            }
        }
    }

    @Test(arguments: [
        (Loss.What.records, 1, "record 7 is lost: gone"),
        (.records, 3, "records 7 to 9 are lost: gone"),
        (.payloads, 1, "the payload of record 7 is lost: gone"),
        (.payloads, 3, "the payloads of records 7 to 9 are lost: gone"),
    ])
    func lossesHaveWords(what: Loss.What, count: UInt64, words: String) {
        #expect("\(Loss(what, first: 7, count: count, reason: "gone"))" == words)
    }
}
