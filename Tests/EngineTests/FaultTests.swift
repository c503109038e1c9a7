// What could go wrong: a full disk or a failed flush loses what was acknowledged, acknowledges what
// is lost, hangs, stops the answering of questions, or leaves messages that no figure accounts for.
import Disk
import DiskSimulation
import Engine
import Glibc
import MessageLog
import Model
import Query
import TestSupport
import Testing

@Suite struct FaultTests {
    @Test func aFullDiskRefusesInWordsAndResumes() throws {
        let directory = TemporaryDirectory()
        let disk = try simulatedDisk(for: directory.path)
        let options = smallOptions(disk: disk, journalBytes: 16 << 10, segmentRecords: 1_000)
        let engine = try Engine(directory: directory.path + "/store", options: options)
        var source = RandomHistory(seed: 3)
        var model = ReferenceModel()
        disk.setCapacity(bytes: 48 << 10)
        var refusal: EngineError?
        var refused: [ModelMessage] = []
        for _ in 0..<100 where refusal == nil {
            let messages = source.messages(10)
            switch Appending(records(messages), to: engine, mayWait: false).outcome {
            case .success: for message in messages { _ = model.append(message) }
            case .failure(let error): (refusal, refused) = (error, messages)
            }
            expectAccounted(engine)
            #expect(count(engine) == .integer(Int64(model.kept.count)))
        }
        let error = try #require(refusal)
        #expect(error.isFullDisk && "\(error)".contains("free some space"), "\(error)")
        #expect(engine.failure == nil && model.kept.count > 20)

        let waiting = Appending(records(refused), to: engine, waitsForSpace: true)
        #expect(waiting.result(milliseconds: 300) == nil)
        #expect(engine.accounting.counts.queued == UInt64(refused.count))
        #expect(count(engine) == .integer(Int64(model.kept.count)))
        expectAccounted(engine)
        disk.setCapacity(bytes: nil)
        let outcomes = try waiting.outcome.get()
        for (message, outcome) in zip(refused, outcomes) {
            #expect(outcome.sequence == model.append(message).sequence)
        }
        #expect(count(engine) == .integer(Int64(model.kept.count)))
        expectAccounted(engine)
        #expect(engine.accounting.counts.queued == 0)
        engine.accounting.reject("malformed", 2)
        expectAccounted(engine)
        #expect(engine.accounting.counts.rejectedByReason["malformed"] == 2)
        #expect(try engine.verify().isSound)
        try engine.close()
    }

    /// What a full disk has let in of a batch stays, but that is no reason to acknowledge it.
    @Test func aBatchOfWhichAPartIsDurableIsRefused() throws {
        let directory = TemporaryDirectory()
        let disk = try simulatedDisk(for: directory.path)
        let options = smallOptions(disk: disk, journalBytes: 16 << 10, segmentRecords: 20)
        let engine = try Engine(directory: directory.path + "/store", options: options)
        disk.setCapacity(bytes: 48 << 10)
        let all = NumberedMessages.records(1...400)
        guard case .failure(let error) = Appending(all, to: engine, mayWait: false).outcome else {
            Issue.record("400 messages were acknowledged on a full disk")
            return
        }
        #expect(error.isFullDisk, "\(error)")
        guard case .integer(let durable) = count(engine) else { preconditionFailure("a count") }
        #expect(durable > 0 && durable < 400)
        disk.setCapacity(bytes: nil)
        let outcomes = try Appending(all, to: engine).outcome.get()
        let repeated = outcomes.count { if case .duplicate = $0 { true } else { false } }
        #expect(repeated == Int(durable))
        #expect(count(engine) == .integer(400))
        expectAccounted(engine)
        try engine.close()
    }

    @Test func aFailedFlushStopsAppendsAndNothingElse() throws {
        let directory = TemporaryDirectory()
        let disk = try simulatedDisk(for: directory.path)
        let store = directory.path + "/store"
        let options = smallOptions(disk: disk, journalBytes: 1 << 20, segmentRecords: 1_000)
        var source = RandomHistory(seed: 4)
        let (kept, lost) = (source.messages(30), source.messages(10))
        var acknowledged = 0
        do {
            let engine = try Engine(directory: store, options: options)
            acknowledged = Int(try append(kept, to: engine).map(\.sequence).max() ?? 0)
            disk.fail(
                call: disk.callCount(of: .synchronize) + 1, code: EIO, only: .synchronize)
            for _ in 0..<3 {
                #expect(throws: EngineError.self) { try append(lost, to: engine) }
                #expect(count(engine) == .integer(Int64(acknowledged)))
                #expect(engine.failure != nil)
                expectAccounted(engine)
            }
            #expect(engine.accounting.counts.rejected == 30)
            #expect(throws: EngineError.self) { try engine.close() }
        }
        // Power goes, and with it what the flush had lost.
        let image = disk.crashImage(.everything)
        try autoclosing(
            Engine(directory: store, options: smallOptions(disk: image, segmentRecords: 1_000))
        ) { engine in
            #expect(count(engine) == .integer(Int64(acknowledged)))
            _ = try append(kept + lost, to: engine)
            var model = ReferenceModel()
            for message in kept + lost { _ = model.append(message) }
            #expect(count(engine) == .integer(Int64(model.kept.count)))
        }
    }

    private func expectAccounted(_ engine: Engine) {
        let counts = engine.accounting.counts
        #expect(
            counts.received
                == counts.appended + counts.duplicate + counts.rejected + counts.queued,
            "\(counts)")
    }
}

/// A disk in memory on which the directories above a store are there, for good.
func simulatedDisk(for path: String) throws -> SimulatedDisk {
    let disk = SimulatedDisk()
    var parent = ""
    for part in path.split(separator: "/") {
        try disk.makeDirectory(parent + "/" + part)
        try disk.synchronizeDirectory(parent.isEmpty ? "/" : parent)
        parent += "/" + part
    }
    return disk
}
