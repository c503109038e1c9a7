// What could go wrong: a power cut at the wrong moment loses an acknowledged record, shows one that
// was never written, shows one twice, or leaves files that the next start refuses. So: cut at every
// call of a workload that creates, appends, rolls, seals and reopens, look at many disks that the
// cut may leave, and cut the recovery itself at every call too.
import DiskSimulation
import Testing

@testable import MessageLog

@Suite struct LogCrashTests {
    static let choices: [CrashChoice] =
        [.nothingUnsynced, .everything]
        + (1...4).map { .random(seed: $0) } + (1...4).map { .torn(seed: $0) }

    @Test func everyCallMayBeTheLast() throws {
        let whole = try newDisk()
        var workload = Workload()
        try workload.run(whole)
        #expect(workload.acknowledged.durable.count == 22)
        for call in 2...whole.callCount {
            let disk = try newDisk()
            disk.crashAfter(call: call)
            var workload = Workload()
            if call < whole.callCount {
                #expect(throws: LogError.self) { try workload.run(disk) }
            }
            for choice in Self.choices {
                expectRecovers(
                    disk.crashImage(choice), workload.acknowledged, "call \(call), \(choice)")
            }
        }
    }

    @Test func aDeadProcessLosesNothing() throws {
        let whole = try newDisk()
        var workload = Workload()
        try workload.run(whole)
        for call in 2..<whole.callCount {
            let disk = try newDisk()
            disk.crashAfter(call: call)
            var workload = Workload()
            #expect(throws: LogError.self) { try workload.run(disk) }
            disk.restart()
            expectRecovers(disk, workload.acknowledged, "call \(call)")
        }
    }

    @Test func aCrashDuringRecoveryChangesNothing() throws {
        let whole = try newDisk()
        var workload = Workload()
        try workload.run(whole)
        for call in stride(from: 4, to: whole.callCount, by: 11) {
            let disk = try newDisk()
            disk.crashAfter(call: call)
            var workload = Workload()
            #expect(throws: LogError.self) { try workload.run(disk) }
            let image = disk.crashImage(.torn(seed: UInt64(call)))
            let recovered = image.crashImage(.everything)
            let found = try contents(try openLog(recovered))
            // Once a recovery has shown a record, it must stay.
            for again in 0..<recovered.callCount {
                let second = image.crashImage(.everything)
                second.crashAfter(call: again)
                var known = workload.acknowledged
                if let log = try? openLog(second), let shown = try? contents(log) {
                    #expect(shown == found)
                    known = Acknowledged(durable: shown)
                }
                for choice in [CrashChoice.nothingUnsynced, .everything, .torn(seed: 9)] {
                    expectRecovers(
                        second.crashImage(choice), known,
                        "call \(call), recovery's call \(again), \(choice)")
                }
            }
        }
    }
}
