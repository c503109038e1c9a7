// What could go wrong: a fault strikes another call than the one asked for, a failed call has an
// effect, calls after the crash still change the disk, a full disk accepts bytes.

import Disk
import DiskSimulation
import Glibc
import Testing

/// A small workload with every operation; stops at its first error.
private func workload(_ disk: SimulatedDisk) -> DiskError? {
    do throws(DiskError) {
        try disk.makeDirectory("/d")
        let file = try disk.open("/d/t", .createNew)
        try file.allocate(to: 4_096)
        try file.write([1, 2, 3], at: 0)
        try file.synchronize()
        _ = try file.read(3, at: 0)
        _ = try file.size()
        try file.truncate(to: 3)
        _ = try file.map()
        try disk.rename("/d/t", to: "/d/f")
        try disk.synchronizeDirectory("/d")
        _ = try disk.list("/d")
        _ = try disk.size(of: "/d/f")
        try disk.remove("/d/f")
        return nil
    } catch {
        return error
    }
}

@Suite struct FaultTests {
    @Test func everyCallFailsAloneAndNothingFollows() throws {
        let whole = SimulatedDisk()
        #expect(workload(whole) == nil)
        let calls = whole.calls
        #expect(calls.count == 14)
        #expect(Set(calls.map(\.operation)).count == 13)
        for (index, call) in calls.enumerated() {
            let failing = SimulatedDisk()
            failing.fail(call: index + 1, code: EMFILE)
            #expect(workload(failing) == DiskError(call.operation, call.path, EMFILE))
            #expect(failing.callCount == index + 1)
            #expect(!failing.crashed)

            let crashing = SimulatedDisk()
            crashing.crashAfter(call: index)
            #expect(workload(crashing) == DiskError(call.operation, call.path, EIO))
            #expect(crashing.crashed)
            #expect(crashing.callCount == index)
            #expect(crashing.filePaths == failing.filePaths)
            for path in crashing.filePaths {
                #expect(crashing.contents(of: path) == failing.contents(of: path), "call \(index)")
            }
            crashing.restart()
            #expect(throws: Never.self) { try crashing.list("/") }
        }
    }

    @Test func faultsStayForEverOrStrikeOneOperation() throws {
        let disk = SimulatedDisk()
        let file = try disk.open("/f", .create)
        disk.fail(call: 2, code: EIO, forEver: true, only: .write)
        try file.write([1], at: 0)
        for _ in 0..<3 {
            #expect(throws: DiskError(.write, "/f", EIO)) { try file.write([2], at: 0) }
        }
        #expect(try file.read(9, at: 0) == [1])
        disk.clearFaults()
        try file.write([3], at: 0)
        #expect(disk.contents(of: "/f") == [3])
    }

    @Test func aFailingWriteMayKeepAnyPrefix() throws {
        var lengths: Set<Int> = []
        for seed in 0..<60 as Range<UInt64> {
            let disk = SimulatedDisk(seed: seed)
            let file = try disk.open("/f", .create)
            disk.fail(call: 1, code: EIO, only: .write, keepingPrefix: true)
            #expect(throws: DiskError.self) { try file.write([1, 2, 3], at: 0) }
            let bytes = try #require(disk.contents(of: "/f"))
            #expect(bytes == Array([1, 2, 3].prefix(bytes.count)))
            lengths.insert(bytes.count)
        }
        #expect(lengths == [0, 1, 2, 3])
    }

    @Test func aFullDiskRefusesAndServesAgainWhenThereIsSpace() throws {
        let disk = SimulatedDisk()
        disk.setCapacity(bytes: 3 * 4_096)
        let first = try disk.open("/first", .create)
        try first.allocate(to: 8_192)
        let second = try disk.open("/second", .create)
        #expect(throws: DiskError(.allocate, "/second", ENOSPC)) { try second.allocate(to: 8_192) }
        #expect(try second.size() == 0)
        #expect(throws: DiskError(.write, "/second", ENOSPC)) {
            try second.write([UInt8](repeating: 5, count: 5_000), at: 0)
        }
        #expect(try second.size() == 4_096, "the page that fitted was written")
        try first.write([1], at: 8_191)
        #expect(throws: DiskError.self) { try first.write([1, 1], at: 8_191) }
        try disk.remove("/second")
        try first.write([1, 1], at: 8_191)
    }

    @Test func rotChangesCacheAndStorage() throws {
        let disk = SimulatedDisk()
        let file = try disk.open("/f", .create)
        try file.write([1, 2, 3], at: 0)
        try file.synchronize()
        try disk.synchronizeDirectory("/")
        disk.overwrite("/f", at: 1, with: [9])
        #expect(try file.read(3, at: 0) == [1, 9, 3])
        #expect(disk.crashImage(.nothingUnsynced).contents(of: "/f") == [1, 9, 3])
    }
}
