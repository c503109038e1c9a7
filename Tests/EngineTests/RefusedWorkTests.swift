// What could go wrong: whoever asks for work of an engine that is closed, closing, only read, or on
// a failing disk waits for ever, is told that it was done, or ends the process; or what was refused
// is never taken again. A rule that this version cannot read keeps the store from opening.
import Disk
import DiskSimulation
import Glibc
import MessageLog
import Model
import Rules
import Synchronization
import TestSupport
import Testing

@testable import Engine

@Suite struct RefusedWorkTests {
    private let directory = TemporaryDirectory()
    private var store: String { directory.path + "/store" }

    private func refusal(_ body: () throws -> Void) -> EngineError? {
        do { try body() } catch { return error as? EngineError }
        return nil
    }

    private static func appendNumbers(_ last: Int, to engine: Engine) throws {
        _ = try Appending(NumberedMessages.records(1...last), to: engine).outcome.get()
    }

    @Test func aClosedEngineRefuses() throws {
        let engine = try filledEngine(in: directory, messages: 120, seed: 5)
        let before = count(engine)
        try engine.close()
        try engine.close()
        let work: [(word: String, body: () throws -> Void)] = [
            ("append", { try Self.appendNumbers(3, to: engine) }),
            ("compact", { try engine.compact() }), ("rebuild", { _ = try engine.rebuild() }),
            ("verify", { _ = try engine.verify() }),
            ("backup", { _ = try engine.backup(to: directory.path + "/copy") }),
            ("rule", { _ = try engine.create(CutStore.rule()) }),
        ]
        for (word, body) in work {
            guard case .closed? = refusal(body) else {
                Issue.record("\(word): \(String(describing: refusal(body)))")
                continue
            }
        }
        #expect(engine.accounting.counts.rejectedByReason["closed"] == 3)
        // What takes no work is answered.
        #expect(try Appending(RecordBatch(), to: engine).outcome.get().isEmpty)
        #expect(count(engine) == before)
        #expect(try engine.checkpoint() == engine.progress.counters.end)
    }

    /// Whatever is under way ends when the engine does, and says so.
    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func workEndsWithTheEngine(seed: UInt64) throws {
        let copy = directory.path + "/copy"
        let work: [@Sendable (Engine) throws -> Void] = [
            { try $0.compact() }, { _ = try $0.rebuild() }, { _ = try $0.verify() },
            { _ = try $0.backup(to: copy) },
            { try Self.appendNumbers(20, to: $0) },
        ]
        do {
            let engine = try filledEngine(in: directory, messages: 600, seed: seed)
            let errors = Mutex<[String]>([])
            let threads = work.map { body in
                WorkerThread(name: "working") {
                    do { while true { try body(engine) } } catch {
                        errors.withLock { $0.append("\(error)") }
                    }
                }
            }
            usleep(UInt32(seed) * 20_000)
            try engine.close()
            for thread in threads { thread.join() }
            let closed = ["the engine is closed", "the checkpoint failed: the engine is closing"]
            for error in errors.withLock({ $0 }) {
                #expect(closed.contains(error), "seed \(seed): \(error)")
            }
        }
        let report = try autoclosing(
            Engine(directory: store, options: smallOptions(seed: seed))
        ) { try $0.verify() }
        #expect(report.isSound, "seed \(seed)")
    }

    /// A compaction that nobody took before the engine closed holds nothing behind that.
    @Test func aJobThatNobodyTookIsForgotten() throws {
        final class Held: Sendable {}
        let engine = try filledEngine(in: directory, messages: 20, seed: 11)
        let mayEnd = Monitor(false)
        weak var known: Held?
        do {
            let held = Held()
            known = held
            engine.progress.monitor.change { counters in
                counters.jobs.append { _ = mayEnd.wait { $0 ? true : nil } }
                counters.jobs.append { withExtendedLifetime(held) {} }
            }
        }
        let closing = WorkerThread(name: "closing") {
            do { try engine.close() } catch { Issue.record("\(error)") }
        }
        _ = engine.progress.monitor.wait { $0.closing ? true : nil }
        mayEnd.change { $0 = true }
        closing.join()
        #expect(known == nil)
    }

    @Test func aStoreThatIsOnlyReadKeepsItsRules() throws {
        let rule = try CutStore.rule()
        do {
            let engine = try filledEngine(in: directory, messages: 120, seed: 6)
            _ = try engine.create(rule)
            #expect(engine.waitForRule(CutStore.ruleName, milliseconds: 20_000))
            try engine.close()
        }
        var options = smallOptions()
        options.servesDamaged()
        try autoclosing(Engine(directory: store, options: options)) { engine in
            #expect(engine.isReadOnly)
            let work: [() throws -> Void] = [
                { _ = try engine.create(rule) }, { _ = try engine.replace(rule) },
                { try engine.dropRule(CutStore.ruleName) }, { _ = try engine.rebuild() },
            ]
            for body in work {
                guard case .log(.readOnly)? = refusal(body) else {
                    Issue.record("\(String(describing: refusal(body)))")
                    continue
                }
            }
            #expect(engine.ruleReports().map(\.name) == [CutStore.ruleName])
        }
    }

    @Test func aRuleOfALaterVersionIsShownAndNotComputed() throws {
        do {
            let engine = try filledEngine(in: directory, messages: 60, seed: 7)
            try engine.close()
        }
        let log = try MessageLog.open(
            PosixDisk(), directory: store + "/log", options: smallOptions().log)
        var batch = RecordBatch()
        let notes: [RuleNote] = [
            .created(number: 1, definition: "seen: {of: a later version}"),
            // Nothing that this program would write.
            .created(number: 1, definition: "another: {granularities: [1h]}"),
            .horizon(number: 9, widthSeconds: 3_600, before: Timestamp(seconds: 0)),
        ]
        for note in notes {
            batch.append(
                control: Record.Kind.rule, at: Timestamp(seconds: 0), payload: note.payload)
        }
        var outcomes: [AppendOutcome] = []
        try log.append([batch], outcomes: &outcomes)
        try log.close()

        try autoclosing(Engine(directory: store, options: smallOptions())) { engine in
            let report = try #require(engine.ruleReports().first)
            #expect(engine.ruleReports().count == 1)
            #expect(report.name == "rule 1" && report.definition.contains("a later version"))
            #expect(report.failure?.contains("a later version") == true, "\(report)")
            let unread = refusal { try engine.read(rule: "rule 1") { _, _ in } }
            #expect("\(String(describing: unread))".contains("rule 1 is not computed"))
            #expect(!engine.waitForRule("rule 1", milliseconds: 20))
            #expect(refusal { _ = try engine.foldedDump(rule: "rule 1", milliseconds: 20) } != nil)
            #expect(try engine.verify().isSound)
            // Its number is not given again.
            try engine.dropRule("rule 1")
            #expect(engine.ruleReports().isEmpty)
            let unknown = refusal { try engine.read(rule: "rule 1") { _, _ in } }
            #expect("\(String(describing: unknown))".contains("accepted: none yet"))
            #expect(try engine.create(CutStore.rule()) == 2)
            // Made by a program, not read from a file.
            var rule = Rule("wrong")
            rule.keys = [Rule.Key("who", .field("agent["))]
            for work in [
                { _ = try engine.create(rule) }, { _ = try engine.replace(rule) },
            ] as [() throws -> Void] {
                #expect("\(String(describing: refusal(work)))".contains("agent["))
            }
        }
    }

    /// Who waits for space is told that there will be none.
    @Test func anEngineOnAFullDiskIsClosed() throws {
        let disk = try simulatedDisk(for: directory.path)
        let engine = try Engine(directory: store, options: smallOptions(disk: disk))
        #expect(engine.storage().contains { $0 == ("archive_bytes_per_record", "0") })
        var source = RandomHistory(seed: 9)
        _ = try append(source.messages(5), to: engine)
        disk.setCapacity(bytes: 0)
        let waiting = Appending(records(source.messages(200)), to: engine, waitsForSpace: true)
        #expect(waiting.result(milliseconds: 300) == nil)
        // Its columns have no room either; the journal has everything.
        #expect(refusal { try engine.close() }?.isFullDisk == true)
        guard case .failure(let error) = waiting.outcome, error.isFullDisk else {
            Issue.record("\(waiting.outcome)")
            return
        }
        #expect(engine.accounting.counts.queued == 0)
    }

    @Test func aFailingDiskIsNamed() throws {
        let disk = try simulatedDisk(for: directory.path)
        let options = smallOptions(disk: disk)
        try autoclosing(Engine(directory: store, options: options)) { engine in
            var source = RandomHistory(seed: 10)
            _ = try append(source.messages(20), to: engine)
        }
        disk.fail(call: 1, code: EIO, forEver: true, only: .list)
        let error = refusal { _ = try Engine.repair(directory: store, options: options) }
        guard case .log(.io)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        disk.clearFaults()
        #expect(try Engine.repair(directory: store, options: options).changedNothing)
    }

    @Test(arguments: [DiskError.Operation.rename, .map])
    func aFailedCompactionIsMadeAgain(operation: DiskError.Operation) throws {
        let disk = try simulatedDisk(for: directory.path)
        let options = smallOptions(disk: disk, journalBytes: 64 << 10)
        try autoclosing(Engine(directory: store, options: options)) { engine in
            var source = RandomHistory(seed: 8)
            _ = try append(source.messages(120), to: engine)
            let before = count(engine)
            disk.fail(
                call: disk.callCount(of: operation) + 1, code: EIO, forEver: true, only: operation)
            let error = refusal { try engine.compact() }
            #expect(
                String(describing: error).contains("Input/output error"), "\(operation)")
            #expect(count(engine) == before)
            disk.clearFaults()
            // A try that began before may still fail.
            if refusal({ try engine.compact() }) != nil { try engine.compact() }
            #expect(count(engine) == before)
            #expect(engine.progress.counters.compactionFailure == nil)
            #expect(try engine.verify().isSound)
        }
    }
}
