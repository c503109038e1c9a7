// What could go wrong: a backup lacks a message or has one twice; one that was cut short, or made
// beside merges, cannot be opened; a later one copies all again, or leaves what was merged; the
// files of another log are overwritten.
import Disk
import DiskSimulation
import Model
import TestSupport
import Testing

@testable import MessageLog

@Suite struct BackupTests {
    private let target = "copy/log"

    private func openCopy(_ disk: SimulatedDisk) throws -> MessageLog {
        try MessageLog.open(disk, directory: target, options: smallOptions(readOnly: true))
    }

    /// Appends, merges and backups in random order: the copy is the log up to its last segment.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func theCopyIsTheLog(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let disk = try newDisk(seed: seed)
        let log = try openLog(disk)
        var known = Acknowledged()
        var number: UInt64 = 0
        for step in 0..<10 {
            let what = "seed \(seed), step \(step)"
            for _ in 0..<random.below(4) {
                let records = (0..<(1 + random.below(20))).map { _ -> [UInt8] in
                    number += 1
                    return message(number, byteCount: 100)
                }
                try known.append(records, to: log)
            }
            let everything = random.chance(30)
            if random.chance(60) {
                while try log.compactNext(everything: everything, isStopped: { false }) > 0 {}
            }
            if random.chance(30) {
                try log.roll()
                try log.sealNext()
            }
            let report = try log.backup(to: target)
            let sealed = log.snapshot.segments.last { $0.columns.isSealed }
            #expect(report.end == sealed?.lastSequence ?? 0, "all that is sealed: \(what)")
            if report.end == 0 { continue }
            #expect(report.copied == 0, "what can be linked is not copied: \(what)")
            let copy = try openCopy(disk)
            #expect(copy.snapshot.end == report.end, "\(what)")
            #expect(try contents(copy) == Array(known.durable.prefix(Int(report.end))), "\(what)")
            #expect(try copy.verify().isSound, "\(what)")
            let again = try log.backup(to: target)
            #expect(again.linked == 0 && again.removed == 0, "\(what): \(again)")
        }
    }

    /// A power cut or an error at every call leaves a copy that opens, or none, and a log that is
    /// whole; the next backup completes it.
    @Test func everyCallMayBeTheLast() throws {
        let whole = try newDisk()
        var workload = Workload(archives: false)
        try workload.run(whole)
        let log = try openLog(whole)
        _ = try log.backup(to: target)
        while try log.compactNext(everything: true, isStopped: { false }) > 0 {}
        let before = whole.crashImage(.everything)
        let sample = try openLog(before)
        let start = before.callCount
        let end = try sample.backup(to: target).end
        #expect(end == 22)
        for call in start..<before.callCount {
            for code in [nil, Int32(5), Int32(28)] {
                let disk = whole.crashImage(.everything)
                let log = try openLog(disk)
                if let code {
                    disk.fail(call: call, code: code)
                } else {
                    disk.crashAfter(call: call)
                }
                _ = try? log.backup(to: target)
                let choices: [CrashChoice] =
                    code == nil ? [.nothingUnsynced, .everything, .torn(seed: 3)] : []
                let images = choices.map { disk.crashImage($0) } + (code == nil ? [] : [disk])
                for image in images {
                    image.restart()
                    let again = try openLog(image)
                    #expect(try contents(again) == workload.acknowledged.durable, "call \(call)")
                    #expect(try again.backup(to: target).end == end, "call \(call)")
                    #expect(
                        try contents(openCopy(image)) == workload.acknowledged.durable,
                        "call \(call)")
                }
            }
        }
    }

    @Test func theFilesOfAnotherLogAreLeftAlone() throws {
        let disk = try newDisk()
        let log = try openLog(disk)
        var known = Acknowledged()
        try known.append([message(1)], to: log)
        try log.close()
        _ = try openLog(disk).backup(to: target)
        let names = try disk.list(target)
        let other = try MessageLog.open(
            disk, directory: "data/other", options: smallOptions(seed: 99))
        try known.append([], to: log.snapshot.end == 1 ? other : log)
        #expect(throws: LogError.self) { try other.backup(to: target) }
        #expect(try disk.list(target) == names)
    }

    /// Where the copy is on another file system, its bytes are copied.
    @Test func bytesAreCopiedWhereNamesCannotBe() throws {
        let disk = try newDisk()
        let log = try openLog(disk)
        var known = Acknowledged()
        try known.append((1...30).map { message($0, byteCount: 200) }, to: log)
        try log.close()
        let again = try openLog(disk)
        disk.fail(call: 1, code: 18, forEver: true, only: .link)
        let report = try again.backup(to: target)
        #expect(report.linked == 0 && report.copied > 0 && report.copiedBytes > 0)
        #expect(try contents(openCopy(disk)) == known.durable)
    }
}
