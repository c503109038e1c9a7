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
                (.topic, Array("org.example.prod.git.receive".utf8)),
                (.user, Array("user\(number % 3)".utf8)),
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

/// What the log keeps of a record, wherever it stands.
struct Kept: Equatable {
    var kind: UInt8
    var flags: UInt8
    var time: Timestamp
    var id: MessageID
    /// By dimension, and in the record's order within one; of messages only.
    var names: [Name] = []
    var payload: [UInt8]

    struct Name: Equatable {
        var dimension: Dimension
        var text: [UInt8]
    }

    init(_ record: [UInt8]) {
        self = record.withUnsafeBytes { bytes in
            guard let view = RecordView(checking: bytes) else {
                preconditionFailure("a test's record is whole")
            }
            return Kept(view)
        }
    }

    private init(_ view: RecordView) {
        kind = view.kind
        flags = view.flags
        time = view.timestamp
        id = view.id
        payload = Array(view.payload)
        guard kind == Record.Kind.message else { return }
        names = (0..<view.nameCount).map { place in
            let name = view.name(at: place)
            return Name(dimension: name.dimension, text: Array(view.text(of: name)))
        }
        names.sort { $0.dimension < $1.dimension }
    }

    init(_ segment: Segment, row: Int, _ reader: inout PayloadReader) throws {
        let columns = segment.columns
        let block = columns.block(row / columns.blockRows, .all)
        let place = row - block.firstRow
        kind = block.kinds[place]
        flags = block.flags[place]
        time = Timestamp(microseconds: block.times[place])
        id = block.id(ofRow: place)
        payload = try Self.payload(ofRow: row, &reader)
        if block.topics[place] != 0 {
            names.append(
                Name(
                    dimension: .topic, text: columns.names.text(of: .topic, block.topics[place])))
        }
        for set in block.sets {
            for id in set.names.ids(ofRow: place) {
                names.append(
                    Name(
                        dimension: set.dimension, text: columns.names.text(of: set.dimension, id)))
            }
        }
    }

    /// Empty where it was dropped. Not in the initializer: what may throw there and is caught makes
    /// the optimizer of Swift 6.3 fall.
    private static func payload(ofRow row: Int, _ reader: inout PayloadReader) throws -> [UInt8] {
        do { return try reader.payload(ofRow: row) } catch LogError.dropped { return [] }
    }
}

/// Every record of the log, in order.
func contents(_ log: MessageLog) throws -> [Kept] {
    var records: [Kept] = []
    let snapshot = log.snapshot
    for segment in snapshot.segments {
        #expect(segment.firstSequence == UInt64(records.count) + 1)
        var reader = PayloadReader(segment)
        for row in 0..<segment.rows { records.append(try Kept(segment, row: row, &reader)) }
    }
    #expect(snapshot.end == UInt64(records.count))
    return records
}

/// What the naive model knows: a list.
struct Acknowledged {
    /// Records whose append has returned, in order.
    var durable: [Kept] = []
    /// Records of the append that failed: they may be there or not, in order, from the first on.
    var pending: [Kept] = []

    func allows(_ found: [Kept]) -> Bool {
        found.count >= durable.count && found.count <= durable.count + pending.count
            && found.elementsEqual((durable + pending).prefix(found.count))
    }

    /// Appends fresh records and notes what the log says about them.
    mutating func append(_ records: [[UInt8]], to log: MessageLog) throws {
        var outcomes: [AppendOutcome] = []
        pending = records.map { Kept($0) }
        do {
            try log.append([recordBatch(records)], outcomes: &outcomes)
        } catch {
            durable += pending.prefix(outcomes.count)
            pending.removeFirst(outcomes.count)
            throw error
        }
        #expect(outcomes.count == records.count)
        for (place, outcome) in outcomes.enumerated() {
            #expect(outcome == .appended(sequence: UInt64(durable.count + place + 1)))
        }
        durable += pending
        pending = []
    }
}

/// Opens, appends, rolls over several journals, archives, stops cleanly, opens again, appends,
/// archives and merges, stops.
struct Workload {
    var acknowledged = Acknowledged()
    var archives = true

    /// Appends' record counts and payload sizes; some batches are larger than a journal.
    static let steps: [(records: Int, bytes: Int)] = [(1, 40), (3, 300), (6, 500), (1, 9_000)]

    mutating func run(_ disk: SimulatedDisk) throws {
        var number: UInt64 = 1
        for round in 0..<2 {
            let log = try openLog(disk)
            for step in Self.steps {
                let records = (0..<step.records).map {
                    message(number + UInt64($0), byteCount: step.bytes)
                }
                number += UInt64(step.records)
                try acknowledged.append(records, to: log)
            }
            while archives, try log.compactNext(everything: round == 1, isStopped: { false }) > 0 {}
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
        #expect(try orphans(disk, log) == [], "\(what())")
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

/// Files of the log that no segment needs.
func orphans(_ disk: SimulatedDisk, _ log: MessageLog) throws -> [String] {
    var needed: Set<String> = []
    for segment in log.snapshot.segments {
        needed.insert(LogFileName.columns(segment.firstSequence, segment.lastSequence))
        if let payloads = segment.payloadsName { needed.insert(payloads) }
    }
    // The one that takes appends may be empty.
    needed.insert(LogFileName.journal(log.snapshot.end + 1))
    return try disk.list(logDirectory).filter {
        !needed.contains($0) && LogFileName($0) != .torn
    }
}
