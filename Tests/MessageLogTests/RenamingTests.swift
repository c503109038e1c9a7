// What could go wrong: new names change more than names, or are those of another row; a payload
// that its columns put back is no longer what it was; what retention has dropped loses its names;
// a crash or an error half-way leaves a segment that is neither old nor new, a log that does not
// open, or one that a second attempt cannot complete.
import Disk
import DiskSimulation
import Glibc
import Model
import Testing

@testable import MessageLog

@Suite struct RenamingTests {
    /// New names by what the payload is: its first byte, and for long ones their length, twice.
    private func find(
        _ payload: UnsafeRawBufferPointer, _ found: (Dimension, UnsafeRawBufferPointer) -> Void
    ) -> Bool {
        for (dimension, text) in Self.names(Array(payload)) {
            text.withUnsafeBytes { found(dimension, $0) }
        }
        return payload.count != 41
    }

    private static func names(_ payload: [UInt8]) -> [(Dimension, [UInt8])] {
        var names: [(Dimension, [UInt8])] = [(.user, [payload[0]])]
        if payload.count > 100 {
            names.append((.object, Array("length \(payload.count)".utf8)))
            names.append((.object, [payload[1]]))
        }
        return names
    }

    private func renamed(_ record: Kept) -> Kept {
        guard record.kind == Record.Kind.message, !record.payload.isEmpty,
            record.payload.count != 41
        else { return record }
        var record = record
        record.names =
            record.names.filter { $0.dimension == .topic }
            + Self.names(record.payload).map { Kept.Name(dimension: $0.0, text: $0.1) }
        return record
    }

    /// Archives, a journal, and one that no columns speak of yet.
    private func filled(_ disk: SimulatedDisk) throws -> [Kept] {
        var workload = Workload()
        try workload.run(disk)
        let log = try openLog(disk)
        try workload.acknowledged.append(
            [message(500, byteCount: 200), message(501, byteCount: 41)], to: log)
        try log.close()
        return workload.acknowledged.durable
    }

    private func rename(_ log: MessageLog) throws -> RenamingReport {
        try log.rename({ find($0, $1) }, advanced: { _, _ in })
    }

    @Test func onlyNamesChange() throws {
        let disk = try newDisk()
        let before = try filled(disk)
        let log = try openLog(disk)
        #expect(try rename(log).renamed == UInt64(before.count))
        try log.close()
        for _ in 0..<2 {
            let again = try openLog(disk)
            #expect(again.recovery.clean && again.recovery.recordsReplayed == 0)
            #expect(try contents(again) == before.map(renamed))
            #expect(try again.verify().isSound)
            #expect(try orphans(disk, again) == [])
            // What is merged afterwards has the new names too.
            while try again.compactNext(everything: true, isStopped: { false }) > 0 {}
            #expect(try contents(again) == before.map(renamed))
            try again.close()
        }
    }

    @Test func whatWasDroppedKeepsItsNames() throws {
        let disk = try newDisk()
        var options = smallOptions()
        options.retention.seconds = 100
        let log = try openLog(disk, options)
        var known = Acknowledged()
        for number in 0..<8 {
            try known.append(
                (1...6).map { message(UInt64(number * 6 + $0), byteCount: 600) }, to: log)
        }
        try log.roll()
        while try log.sealNext() {}
        while try log.compactNext(everything: false, isStopped: { false }) > 0 {}
        let horizon = Horizon(.payloads, before: Timestamp(seconds: 25))
        try known.append([horizon.record(at: Timestamp(seconds: 1)).bytes], to: log)
        while try log.dropNext() {}
        let dropped = log.snapshot.segments.filter(\.isDropped).reduce(0) { $0 + $1.rows }
        #expect(dropped > 0)
        let report = try rename(log)
        #expect(report.kept == UInt64(dropped) && report.keptTo == UInt64(dropped))
        var expected = known.durable
        for place in expected.indices {
            if place < dropped { expected[place].payload = [] }
            if place >= dropped { expected[place] = renamed(expected[place]) }
        }
        #expect(try contents(log).map(\.names) == expected.map(\.names))
        try log.close()
    }

    /// A power cut, or an error that stays, at every call.
    @Test(arguments: [EIO, ENOSPC])
    func cutShortAnywhereItIsCompletedByAnother(code: Int32) throws {
        let whole = try newDisk()
        let before = try filled(whole)
        let first = whole.callCount
        let complete = try openLog(whole)
        _ = try rename(complete)
        try complete.close()
        for call in first + 1...whole.callCount {
            let disk = try newDisk()
            _ = try filled(disk)
            disk.fail(call: call, code: code, forEver: true, keepingPrefix: call % 2 == 0)
            do {
                let log = try openLog(disk)
                _ = try rename(log)
                try log.close()
            } catch let error as LogError {
                if case .damaged = error { Issue.record("call \(call): \(error)") }
            }
            let cut = disk.crashImage(call % 3 == 0 ? .torn(seed: 5) : .nothingUnsynced)
            disk.restart()
            for image in [cut, disk] { try expectCompletes(image, before, "call \(call)") }
        }
    }

    private func expectCompletes(_ disk: SimulatedDisk, _ before: [Kept], _ what: String) throws {
        let log = try openLog(disk)
        let found = try contents(log)
        #expect(found.count == before.count, "\(what)")
        for segment in log.snapshot.segments {
            let rows = Int(segment.firstSequence) - 1..<Int(segment.lastSequence)
            let old = Array(before[rows])
            let own = Array(found[rows])
            #expect(own == old || own == old.map(renamed), "\(what): neither old nor new")
        }
        _ = try rename(log)
        #expect(try contents(log) == before.map(renamed), "\(what)")
        #expect(try log.verify().isSound && orphans(disk, log) == [], "\(what)")
        try log.close()
    }
}
