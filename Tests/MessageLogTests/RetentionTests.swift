// What could go wrong: retention drops a payload that is to be kept, or anything but payloads; a
// horizon is forgotten with the payloads it made go; dropping that was cut short leaves a file that
// nobody needs, or columns that cannot be opened; a merge mixes what is kept with what is not.
import Disk
import DiskSimulation
import Model
import TestSupport
import Testing

@testable import MessageLog

@Suite struct RetentionTests {
    /// What the log may have lost: payloads of messages behind a horizon.
    struct Known {
        var records: [Kept] = []
        var horizons: [(sequence: UInt64, before: Timestamp)] = []

        mutating func append(_ more: [[UInt8]], to log: MessageLog) throws {
            var known = Acknowledged(durable: records)
            defer { records = known.durable }
            try known.append(more, to: log)
        }

        mutating func append(_ horizon: Horizon, to log: MessageLog) throws {
            horizons.append((UInt64(records.count + 1), horizon.before))
            try append([horizon.record(at: Timestamp(seconds: 1)).bytes], to: log)
        }

        func mayLack(_ sequence: UInt64, _ record: Kept) -> Bool {
            record.kind != Record.Kind.message
                || horizons.contains { sequence < $0.sequence && record.time < $0.before }
        }
    }

    /// Records without payloads, but for what may be dropped: nil there.
    private func found(in log: MessageLog) throws -> [(record: Kept, isDropped: Bool)] {
        var records: [(Kept, Bool)] = []
        for segment in log.snapshot.segments {
            var reader = PayloadReader(segment)
            for row in 0..<segment.rows {
                records.append((try Kept(segment, row: row, &reader), segment.isDropped))
            }
        }
        return records
    }

    /// - Returns: how many records have no payload any more.
    @discardableResult
    private func expect(_ log: MessageLog, has known: Known, _ what: String) throws -> Int {
        let found = try found(in: log)
        #expect(found.count == known.records.count, "\(what)")
        for (place, expected) in known.records.enumerated() where place < found.count {
            var expected = expected
            let isDropped = found[place].isDropped
            if isDropped {
                #expect(known.mayLack(UInt64(place + 1), expected), "\(what): \(place + 1)")
                expected.payload = []
            }
            #expect(found[place].record == expected, "\(what): \(place + 1)")
        }
        let said = log.snapshot.horizons(.payloads)
        #expect(
            said.map(\.sequence) == known.horizons.map(\.sequence)
                && said.map(\.before) == known.horizons.map(\.before), "\(what)")
        if let from = log.snapshot.payloadsFrom {
            for (record, isDropped) in found where isDropped && record.kind == Record.Kind.message {
                #expect(record.time < from, "\(what)")
            }
        }
        let first = log.snapshot.payloadsFromSequence
        #expect(!found.dropFirst(Int(first) - 1).contains { $0.isDropped }, "\(what)")
        return found.count { $0.isDropped }
    }

    private func options(_ retention: Retention, seed: UInt64) -> LogOptions {
        var options = smallOptions(segmentRecords: 20, seed: seed)
        options.retention = retention
        return options
    }

    @Test func aMessageExactlyAsOldAsIsKeptStays() throws {
        let log = try openLog(try newDisk(), options(Retention(seconds: 50), seed: 1))
        var known = Known()
        try known.append((1...60).map { message($0) }, to: log)
        let latest = try #require(log.snapshot.segments[0].columns.timeBounds).upperBound
        let moment = Timestamp(microseconds: latest + 50_000_000)
        #expect(log.dueHorizon(now: moment) == nil)
        let later = Timestamp(microseconds: moment.microseconds + 1)
        let due = try #require(log.dueHorizon(now: later))
        #expect(due.before.microseconds == latest + 1)
    }

    @Test func whatIsKeptForEverStays() throws {
        let log = try openLog(try newDisk(), options(Retention(seconds: .max), seed: 1))
        var known = Known()
        try known.append((1...60).map { message($0) }, to: log)
        #expect(log.dueHorizon(now: Timestamp(microseconds: .max)) == nil)
    }

    @Test func lateMessagesBehindAHorizonStay() throws {
        let log = try openLog(try newDisk(), options(Retention(seconds: 50), seed: 1))
        var known = Known()
        try known.append((1...20).map { message($0) }, to: log)
        try known.append(Horizon(.payloads, before: Timestamp(seconds: 40)), to: log)
        try known.append(
            (21...60).map { message($0, time: Int64($0 - 20) * 500_000, payload: [7]) }, to: log)
        try known.append((61...100).map { message($0) }, to: log)
        while try log.dropNext() {}
        #expect(try expect(log, has: known, "late messages") == 20)
    }

    /// Appends, archives, merges, horizons, drops and openings at random.
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func onlyWhatIsBehindAHorizonGoes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let disk = try newDisk(seed: seed)
        let retention = Retention(
            seconds: random.chance(70) ? Int64(40 + random.below(100)) : nil,
            bytes: random.chance(50) ? 4_000 + random.below(20_000) : nil)
        let options = options(retention, seed: seed)
        var log = try openLog(disk, options)
        var known = Known()
        var number: UInt64 = 0
        var dropped = 0
        for step in 0..<40 {
            let what = "seed \(seed), step \(step), \(retention)"
            switch random.below(6) {
            case 0, 1:
                let records = (0..<(1 + random.below(30))).map { _ -> [UInt8] in
                    number += 1
                    // Some come late.
                    let time = Int64(number) - (random.chance(10) ? Int64(random.below(60)) : 0)
                    return message(
                        number, time: time * 1_000_000,
                        payload: Array(repeating: 65, count: 40 + random.below(300)))
                }
                try known.append(records, to: log)
            case 2: _ = try log.compactNext(everything: random.chance(50), isStopped: { false })
            case 3, 4:
                let now = Timestamp(seconds: Int64(number))
                // The horizon's own record may begin a new journal.
                let end = log.snapshot.segments.last?.firstSequence ?? 0
                if let horizon = log.dueHorizon(now: now) { try known.append(horizon, to: log) }
                while try log.dropNext() {}
                let after = try expect(log, has: known, what)
                #expect(after >= dropped, "\(what)")
                dropped = after
                expectKept(log, retention, now: now, before: end, what)
            default:
                try log.close()
                log = try openLog(disk, options)
            }
            try expect(log, has: known, what)
            let report = try log.verify()
            #expect(report.isSound && report.records == log.snapshot.end, "\(what)")
            #expect(try orphans(disk, log) == [], "\(what)")
        }
    }

    /// What retention asks for is done, but for the newest segments.
    private func expectKept(
        _ log: MessageLog, _ retention: Retention, now: Timestamp, before end: UInt64,
        _ what: String
    ) {
        let sealed = log.snapshot.segments.filter { $0.firstSequence < end }
        if let seconds = retention.seconds {
            for segment in sealed where !segment.isDropped {
                guard let latest = segment.columns.timeBounds?.upperBound else { continue }
                #expect(latest >= now.microseconds - seconds * 1_000_000, "\(what)")
            }
        }
        if let bytes = retention.bytes {
            let kept = sealed.filter { $0.columns.timeBounds != nil }
            #expect(kept.reduce(0) { $0 + $1.payloadBytes } <= bytes, "\(what)")
        }
    }

    /// Retention with a crash, or a failed call, anywhere.
    private struct DroppingWorkload {
        var known = Known()

        /// The horizon whose append did not return.
        var pending: Horizon?

        mutating func run(_ disk: SimulatedDisk, _ options: LogOptions) throws {
            var number: UInt64 = 0
            for round in 0..<2 {
                let log = try openLog(disk, options)
                for _ in 0..<5 {
                    let records = (0..<12).map { _ -> [UInt8] in
                        number += 1
                        return message(number, byteCount: 200)
                    }
                    try known.append(records, to: log)
                }
                while try log.compactNext(everything: round == 1, isStopped: { false }) > 0 {}
                if let horizon = log.dueHorizon(now: Timestamp(seconds: Int64(number))) {
                    pending = horizon
                    try known.append(horizon, to: log)
                    pending = nil
                }
                while try log.dropNext() {}
                while try log.compactNext(everything: true, isStopped: { false }) > 0 {}
                try log.close()
            }
        }
    }

    private static let dropping = Retention(seconds: 20)

    private func expectRecovers(
        _ disk: SimulatedDisk, _ workload: DroppingWorkload, _ options: LogOptions, _ what: String
    ) throws {
        let log = try openLog(disk, options)
        var known = workload.known
        let end = Int(log.snapshot.end)
        if end > known.records.count {
            // What was not acknowledged may be there all the same.
            if let horizon = workload.pending {
                known.horizons = known.horizons.filter { $0.sequence <= known.records.count }
                known.horizons.append((UInt64(known.records.count + 1), horizon.before))
            }
            known.records += try found(in: log).dropFirst(known.records.count).map(\.record)
        } else {
            known.horizons = known.horizons.filter { $0.sequence <= UInt64(end) }
        }
        try expect(log, has: known, what)
        while try log.dropNext() {}
        try expect(log, has: known, what)
        #expect(try log.verify().isSound, "\(what)")
        #expect(try orphans(disk, log) == [], "\(what)")
        try log.close()
        let again = try openLog(disk, options)
        try expect(again, has: known, what)
        #expect(try orphans(disk, again) == [], "\(what)")
    }

    @Test func aCrashAnywhereLosesOnlyWhatIsBehindTheHorizon() throws {
        let options = options(Self.dropping, seed: 5)
        let whole = try newDisk()
        var workload = DroppingWorkload()
        try workload.run(whole, options)
        let log = try openLog(whole.crashImage(.everything), options)
        #expect(try expect(log, has: workload.known, "whole") > 60)
        for call in stride(from: 4, through: whole.callCount, by: 2) {
            let disk = try newDisk()
            disk.crashAfter(call: call)
            var workload = DroppingWorkload()
            try? workload.run(disk, options)
            for choice in [CrashChoice.nothingUnsynced, .everything, .torn(seed: UInt64(call))] {
                try expectRecovers(
                    disk.crashImage(choice), workload, options, "call \(call), \(choice)")
            }
        }
    }

    @Test func anyCallMayFail() throws {
        let options = options(Self.dropping, seed: 5)
        let whole = try newDisk()
        var workload = DroppingWorkload()
        try workload.run(whole, options)
        for call in stride(from: 4, through: whole.callCount, by: 3) {
            let disk = try newDisk(seed: UInt64(call))
            disk.fail(call: call, code: DiskError.inputOutputCode, keepingPrefix: call % 2 == 0)
            var workload = DroppingWorkload()
            try? workload.run(disk, options)
            disk.restart()
            let what = "call \(call) failed"
            try expectRecovers(
                disk.crashImage(.nothingUnsynced), workload, options, what + ", then a power cut")
            try expectRecovers(disk, workload, options, what)
        }
    }

    @Test func aCopyIsTheLogWithItsHorizons() throws {
        let options = options(Self.dropping, seed: 6)
        let disk = try newDisk()
        var workload = DroppingWorkload()
        try workload.run(disk, options)
        let log = try openLog(disk, options)
        _ = try log.backup(to: "copy/log")
        let copy = try MessageLog.open(disk, directory: "copy/log", options: options)
        try expect(copy, has: workload.known, "the copy")
        #expect(try copy.verify().isSound)
    }
}
