// What the log's tests share: reproducible messages, a small log on a simulated disk, and the
// naive model beside it: the list of records that were acknowledged.
import Disk
import DiskSimulation
import Model
import Synchronization
import TestSupport
import Testing

@testable import MessageLog

let logDirectory = "data/log"

/// A small log's limits: many rolls from few records.
func smallOptions(
    journalBytes: Int = 4_096, segmentRecords: Int = 40, readOnly: Bool = false, seed: UInt64 = 1
) -> LogOptions {
    let random = Mutex(SeededGenerator(seed: seed))
    return LogOptions(
        journalBytes: journalBytes, segmentRecords: segmentRecords, blockRows: 8,
        readOnly: readOnly, randomWord: { random.withLock { $0.next() } })
}

func newDisk(seed: UInt64 = 0) throws -> SimulatedDisk {
    let disk = SimulatedDisk(seed: seed)
    try disk.makeDirectory("data")
    try disk.synchronizeDirectory(".")
    return disk
}

func openLog(_ disk: SimulatedDisk, _ options: LogOptions = smallOptions()) throws -> MessageLog {
    try MessageLog.open(disk, directory: logDirectory, options: options)
}

/// One record's bytes.
func message(
    _ number: UInt64, time: Int64? = nil, flags: UInt8 = 0, kind: UInt8 = Record.Kind.message,
    payload: [UInt8]
) -> [UInt8] {
    var batch = RecordBatch()
    payload.withUnsafeBytes { bytes in
        batch.append(
            kind: kind, flags: flags,
            timestamp: Timestamp(microseconds: time ?? Int64(number) * 1_000_000),
            id: MessageID(form: 2_026, high: number, low: number &* 7),
            names: [
                (.topic, .inline(Array("org.example.prod.git.receive".utf8))),
                (.user, .inline(Array("user\(number % 3)".utf8))),
            ], payload: bytes)
    }
    return batch.bytes
}

/// A message whose payload is `byteCount` bytes of text that `number` decides.
func message(_ number: UInt64, byteCount: Int = 40) -> [UInt8] {
    var generator = SeededGenerator(seed: number)
    return message(
        number, payload: (0..<byteCount).map { _ in UInt8.random(in: 32...126, using: &generator) })
}

func recordBatch(_ records: [[UInt8]]) -> RecordBatch {
    var batch = RecordBatch()
    for record in records {
        record.withUnsafeBytes { bytes in
            guard let view = RecordView(checking: bytes) else {
                preconditionFailure("a test's record is whole")
            }
            batch.append(view)
        }
    }
    return batch
}

/// Every record of the log, read in order and, to be sure, one by one as well.
func contents(_ log: MessageLog) throws -> [[UInt8]] {
    var records: [[UInt8]] = []
    var inOrder = true
    try log.forEachRecord { sequence, record in
        inOrder = inOrder && sequence == UInt64(records.count) + 1
        records.append(Array(record.bytes))
        return true
    }
    #expect(inOrder)
    let snapshot = log.snapshot
    #expect(snapshot.end == UInt64(records.count))
    for segment in snapshot.segments {
        for row in 0..<segment.rows {
            let bytes = try segment.withRecord(row) { Array($0.bytes) }
            #expect(bytes == records[Int(segment.firstSequence) - 1 + row])
        }
    }
    return records
}

/// What the naive model knows: a list.
struct Acknowledged {
    /// Records whose append has returned, in order.
    var durable: [[UInt8]] = []
    /// Records of the append that failed: they may be there or not, in order, from the first on.
    var pending: [[UInt8]] = []

    func allows(_ found: [[UInt8]]) -> Bool {
        found.count >= durable.count && found.count <= durable.count + pending.count
            && found.elementsEqual((durable + pending).prefix(found.count))
    }

    /// Appends fresh records and notes what the log says about them.
    mutating func append(_ records: [[UInt8]], to log: MessageLog) throws {
        var outcomes: [AppendOutcome] = []
        pending = records
        do {
            try log.append([recordBatch(records)], outcomes: &outcomes)
        } catch {
            durable += records.prefix(outcomes.count)
            pending.removeFirst(outcomes.count)
            throw error
        }
        #expect(outcomes.count == records.count)
        for (place, outcome) in outcomes.enumerated() {
            #expect(outcome == .appended(sequence: UInt64(durable.count + place + 1)))
        }
        durable += records
        pending = []
    }
}

/// Opens, appends, rolls over several journals, stops cleanly, opens again, appends, stops.
struct Workload {
    var acknowledged = Acknowledged()

    /// Appends' record counts and payload sizes; some batches are larger than a journal.
    static let steps: [(records: Int, bytes: Int)] = [(1, 40), (3, 300), (6, 500), (1, 9_000)]

    mutating func run(_ disk: SimulatedDisk) throws {
        var number: UInt64 = 1
        for _ in 0..<2 {
            let log = try openLog(disk)
            for step in Self.steps {
                let records = (0..<step.records).map {
                    message(number + UInt64($0), byteCount: step.bytes)
                }
                number += UInt64(step.records)
                try acknowledged.append(records, to: log)
            }
            try log.close()
        }
    }
}

/// Opens the log after whatever happened and holds it against the model; then uses it.
func expectRecovers(
    _ disk: SimulatedDisk, _ known: Acknowledged, _ what: @autoclosure () -> String
) {
    do {
        let log = try openLog(disk)
        let found = try contents(log)
        #expect(known.allows(found), "\(what()): \(found.count) of \(known.durable.count)")
        var after = Acknowledged(durable: found)
        try after.append([message(900_001), message(900_002, byteCount: 700)], to: log)
        let report = try log.verify()
        #expect(report.isSound && report.records == log.snapshot.end, "\(what()): \(report)")
        try log.close()
        let again = try openLog(disk)
        #expect(again.recovery.clean && again.recovery.recordsReplayed == 0, "\(what())")
        #expect(try contents(again) == after.durable, "\(what())")
    } catch {
        Issue.record("\(what()): \(error)")
    }
}
