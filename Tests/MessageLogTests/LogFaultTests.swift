// What could go wrong: a failed call is taken for a success; a failed flush is repeated and
// believed; a full disk leaves half a batch behind, or a log that never takes appends again; an
// error leaves files that the next start cannot read. So: fail every call, in every way.
//
// TALLYLOG_EVERY_FAULT=1    each errno at every call; else the rarer ones at every seventh
// TALLYLOG_FLUSH_SEEDS=n    power cuts after each failed flush, besides ten (0)
import Disk
import DiskSimulation
import Glibc
import TestSupport
import Testing

@testable import MessageLog

@Suite struct LogFaultTests {
    /// How far apart the calls are that fail: some errnos are taken as others are.
    private static let strides: [(code: Int32, stride: Int)] = {
        let rare = Amount.of("TALLYLOG_EVERY_FAULT", 0) == 1 ? 1 : 7
        return [(EIO, 1), (ENOSPC, 1), (EROFS, 1), (EDQUOT, rare), (EINTR, rare), (EMFILE, rare)]
    }()

    @Test(arguments: strides)
    func everyCallMayFail(code: Int32, stride step: Int) throws {
        let whole = try newDisk()
        var complete = Workload()
        try complete.run(whole)
        for forEver in [false, true] {
            for call in stride(from: 3 + Int(code) % step, through: whole.callCount, by: step) {
                let disk = try newDisk(seed: UInt64(call))
                disk.fail(call: call, code: code, forEver: forEver, keepingPrefix: call % 2 == 0)
                var workload = Workload()
                var failure: LogError?
                do {
                    try workload.run(disk)
                } catch let error as LogError {
                    failure = error
                }
                if let failure, case .damaged = failure {
                    Issue.record("call \(call): an error was reported as damage: \(failure)")
                }
                let cut = disk.crashImage(.nothingUnsynced)
                disk.restart()
                let what = "call \(call) failed with \(code), for ever: \(forEver)"
                expectRecovers(cut, workload.acknowledged, what + ", then a power cut")
                expectRecovers(disk, workload.acknowledged, what)
            }
        }
    }

    @Test func anErrorOfOneAppendDoesNotHarmTheNext() throws {
        let whole = try newDisk()
        var complete = Workload()
        try complete.run(whole)
        for call in 3...whole.callCount {
            let disk = try newDisk(seed: UInt64(call))
            disk.fail(call: call, code: EIO, keepingPrefix: true)
            guard let log = try? openLog(disk) else { continue }
            var known = Acknowledged()
            var poisoned = false
            for number in 1...12 where !poisoned {
                let records = [message(UInt64(number), byteCount: 700)]
                do {
                    try known.append(records, to: log)
                } catch LogError.poisoned {
                    poisoned = true
                } catch LogError.io {
                    #expect(known.durable == (try contents(log)), "call \(call)")
                    // Nothing of it remains, as someone who only reads can see.
                    let reader = try openLog(disk, smallOptions(readOnly: true))
                    #expect(reader.recovery.tornBytes == 0, "call \(call)")
                    #expect(try contents(reader) == known.durable, "call \(call)")
                    try known.append(records, to: log)
                }
            }
            disk.restart()
            expectRecovers(disk.crashImage(.torn(seed: 3)), known, "call \(call), power cut")
        }
    }

    @Test func aFailedFlushPoisonsAndIsNeverBelieved() throws {
        let whole = try newDisk()
        var complete = Workload()
        try complete.run(whole)
        let more = (0..<Amount.of("TALLYLOG_FLUSH_SEEDS", 0)).map { number in
            number % 2 == 0
                ? CrashChoice.random(seed: Amount.seed &+ UInt64(number))
                : .torn(seed: Amount.seed &+ UInt64(number))
        }
        for operation in [DiskError.Operation.synchronize, .synchronizeDirectory] {
            // The first two flush the names of the directories themselves; see FORMAT.md.
            let first = operation == .synchronize ? 1 : 3
            for call in first...whole.callCount(of: operation) {
                let disk = try newDisk()
                disk.fail(call: call, code: EIO, only: operation)
                var workload = Workload()
                let error = #expect(throws: LogError.self) { try workload.run(disk) }
                let what = "\(operation) \(call)"
                guard case .poisoned? = error else {
                    Issue.record("\(what): \(String(describing: error))")
                    continue
                }
                // The process starts again without a power cut: the cache still shows the batch.
                disk.restart()
                let log = try openLog(disk)
                var known = Acknowledged(durable: try contents(log))
                #expect(workload.acknowledged.allows(known.durable), "\(what)")
                try known.append([message(800_001)], to: log)
                for choice in LogCrashTests.choices + more {
                    expectRecovers(disk.crashImage(choice), known, "\(what), \(choice)")
                }
            }
        }
    }

    @Test func aPoisonedLogTakesNothingMore() throws {
        let disk = try newDisk()
        let log = try openLog(disk)
        var known = Acknowledged()
        try known.append([message(1)], to: log)
        disk.fail(call: disk.callCount(of: .synchronize) + 1, code: EIO, only: .synchronize)
        #expect(throws: LogError.self) { try known.append([message(2)], to: log) }
        let calls = disk.callCount
        for number in 3...5 {
            var outcomes: [AppendOutcome] = []
            let error = #expect(throws: LogError.self) {
                try log.append([recordBatch([message(UInt64(number))])], outcomes: &outcomes)
            }
            guard case .poisoned? = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        try log.close()
        #expect(disk.callCount == calls)
        #expect(try contents(log) == known.durable)
    }

    @Test func aFullDiskRefusesAndRecoversByItself() throws {
        for cycle in 0..<20 {
            let disk = try newDisk()
            let log = try openLog(disk)
            var known = Acknowledged()
            var number: UInt64 = 1
            disk.setCapacity(bytes: 16_384 + cycle * 4_096)
            var refused = 0
            while refused < 3 {
                let records = (0..<2).map { message(number + $0, byteCount: 300 + cycle * 40) }
                number += 2
                do {
                    try known.append(records, to: log)
                } catch LogError.full {
                    refused += 1
                    #expect(try contents(log) == known.durable, "cycle \(cycle)")
                    expectRecoversOnLargerDisk(disk, known, "cycle \(cycle), full")
                }
            }
            disk.setCapacity(bytes: nil)
            try known.append([message(700_001), message(700_002, byteCount: 5_000)], to: log)
            #expect(log.sealingFailure == nil && log.unsealedSegments == 0, "cycle \(cycle)")
            expectRecovers(disk.crashImage(.nothingUnsynced), known, "cycle \(cycle)")
        }
    }

    private func expectRecoversOnLargerDisk(
        _ disk: SimulatedDisk, _ known: Acknowledged, _ what: String
    ) {
        let image = disk.crashImage(.torn(seed: 5))
        image.setCapacity(bytes: nil)
        expectRecovers(image, known, what)
    }
}
