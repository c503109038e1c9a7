// What could go wrong: a backup goes to where a store is, and removes what that one has and this
// one has not: a store that is open, this one itself, one that was restored and has gone its own
// way. Or a log whose files are gone is begun anew, and what the rollups know is dropped unseen.
import Engine
import Foundation
import MessageLog
import Model
import TestSupport
import Testing

@Suite struct BackupTargetTests {
    private let scratch = TemporaryDirectory()
    private var store: String { scratch.path + "/store" }
    private var copy: String { scratch.path + "/copy" }
    private var other: String { scratch.path + "/other" }

    private func open(_ directory: String) throws -> Engine {
        try Engine(directory: directory, options: smallOptions())
    }

    /// Appends messages to a store that is closed, which is let go behind that.
    /// - Returns: the last sequence that it has then.
    private func append(
        _ messages: [ModelMessage] = [], toClosed directory: String, seed: UInt64 = 1
    ) throws -> UInt64 {
        let engine = try Engine(directory: directory, options: smallOptions(seed: seed))
        if !messages.isEmpty { _ = try EngineTests.append(messages, to: engine) }
        let end = engine.progress.counters.end
        try engine.close()
        return end
    }

    private func expectRefused(_ engine: Engine, _ target: String, _ word: String) {
        let outcome = Result { () throws(EngineError) in try engine.backup(to: target) }
        guard case .failure(let error) = outcome else {
            Issue.record("a backup to \(target) was made")
            return
        }
        #expect("\(error)".contains(word), "\(error)")
    }

    @Test func anOpenStoreIsNoPlaceForABackup() throws {
        var source = RandomHistory(seed: 1)
        var ends: (own: UInt64, other: UInt64) = (0, 0)
        do {
            let engine = try open(store)
            _ = try EngineTests.append(source.messages(120), to: engine)
            _ = try engine.backup(to: copy)
            _ = try Engine.restore(from: copy, to: other)
            let served = try open(other)
            _ = try EngineTests.append(source.messages(70), to: served)
            expectRefused(engine, store, "lock")
            expectRefused(engine, store + "/../store", "lock")
            expectRefused(engine, store + "/log", "a log's own files")
            expectRefused(engine, other, "lock")
            _ = try EngineTests.append(source.messages(30), to: engine)
            ends = (engine.progress.counters.end, served.progress.counters.end)
            try engine.close()
            try served.close()
        }
        #expect(try append(toClosed: store) == ends.own)
        #expect(try append(toClosed: other) == ends.other)
    }

    @Test func aStoreThatWentItsOwnWayIsLeftAlone() throws {
        var source = RandomHistory(seed: 2)
        let engine = try open(store)
        _ = try EngineTests.append(source.messages(120), to: engine)
        _ = try engine.backup(to: copy)
        _ = try Engine.restore(from: copy, to: other)
        let end = try append(source.messages(40), toClosed: other)
        expectRefused(engine, other, "that this store has not")
        // And so once it is the shorter one.
        _ = try EngineTests.append(source.messages(300), to: engine)
        #expect(engine.progress.counters.end > end)
        expectRefused(engine, other, "that this store has not")
        #expect(try append(toClosed: other) == end)
        try engine.close()
    }

    @Test func aBackupThatWasAskedAQuestionIsStillOne() throws {
        var source = RandomHistory(seed: 3)
        let engine = try open(store)
        _ = try EngineTests.append(source.messages(120), to: engine)
        let first = try engine.backup(to: copy)
        #expect(try append(toClosed: copy) == first)
        _ = try EngineTests.append(source.messages(120), to: engine)
        let second = try engine.backup(to: copy)
        #expect(second > first && second == engine.progress.counters.end)
        #expect(try append(toClosed: copy) == second)
        try engine.close()
    }

    @Test func anotherStoreAndNoBackupAreToldApart() throws {
        var source = RandomHistory(seed: 4)
        let engine = try open(store)
        _ = try EngineTests.append(source.messages(20), to: engine)
        _ = try append(source.messages(20), toClosed: other, seed: 9)
        expectRefused(engine, other, "the files of another log")
        try engine.close()
        #expect(throws: EngineError.self) {
            try Engine.restore(from: scratch.path + "/nothing", to: copy)
        }
        #expect(!FileManager.default.fileExists(atPath: copy), "nothing was begun")
    }

    @Test(arguments: [false, true])
    func aLogThatIsGoneIsNotBegunAnew(keepsDirectory: Bool) throws {
        var source = RandomHistory(seed: 5)
        let end = try append(source.messages(120), toClosed: store)
        let dump = try dump(store)
        let files = FileManager.default
        try files.moveItem(atPath: store + "/log", toPath: scratch.path + "/away")
        if keepsDirectory {
            try files.createDirectory(
                atPath: store + "/log", withIntermediateDirectories: false)
        }
        let outcome = Result { () throws(EngineError) in
            try Engine(directory: store, options: smallOptions())
        }
        guard case .failure(.logLost(end, 0)) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        if keepsDirectory {
            #expect(try files.contentsOfDirectory(atPath: store + "/log").isEmpty)
            try files.removeItem(atPath: store + "/log")
        }
        #expect(!files.fileExists(atPath: store + "/log"))
        try files.moveItem(atPath: scratch.path + "/away", toPath: store + "/log")
        #expect(try append(toClosed: store) == end)
        #expect(try self.dump(store) == dump, "the rollups are those of before")
        // Who accepts the loss says so.
        try files.removeItem(atPath: store + "/log")
        #expect(try Engine.rebuild(directory: store, options: smallOptions()) == 0)
        #expect(try append(toClosed: store) == 0)
    }

    /// As with a disk that was put back as it was at an earlier time.
    @Test func aLogThatLostItsEndIsSaid() throws {
        var source = RandomHistory(seed: 6)
        let files = FileManager.default
        let end = try append(source.messages(60), toClosed: store)
        try files.copyItem(atPath: store + "/log", toPath: scratch.path + "/earlier")
        let watermark = try append(source.messages(60), toClosed: store)
        try files.moveItem(atPath: store + "/log", toPath: scratch.path + "/away")
        try files.moveItem(atPath: scratch.path + "/earlier", toPath: store + "/log")
        let outcome = Result { () throws(EngineError) in
            try Engine(directory: store, options: smallOptions())
        }
        guard case .failure(let error) = outcome, case .logLost(watermark, end) = error else {
            Issue.record("\(outcome)")
            return
        }
        #expect("\(error)".contains("up to sequence \(watermark), but the log ends at \(end)"))
        try files.removeItem(atPath: store + "/log")
        try files.moveItem(atPath: scratch.path + "/away", toPath: store + "/log")
        #expect(try append(toClosed: store) == watermark)
    }

    @Test(arguments: [false, true])
    func whatCannotBeRestoredIsSaid(isCompacted: Bool) throws {
        var source = RandomHistory(seed: 7)
        let files = FileManager.default
        let end = try append(source.messages(120), toClosed: store)
        do {
            let engine = try open(store)
            if isCompacted { try engine.compact() }
            _ = try engine.backup(to: copy)
            try engine.close()
        }
        let expected = try dump(store)
        let refused = { (from: String, to: String) -> String in
            do { return "restored: \(try Engine.restore(from: from, to: to))" } catch {
                return "\(error)"
            }
        }
        #expect(refused(copy, store).contains("is not empty"))
        #expect(refused(copy + "/log", other).contains("no backup at"))
        let file = scratch.path + "/file"
        try Data("nothing".utf8).write(to: URL(fileURLWithPath: file))
        #expect(refused(file, other).contains("Not a directory"))
        #expect(refused(copy, file + "/store").contains("Not a directory"))
        #expect(!files.fileExists(atPath: other), "nothing was begun")
        // All of a backup is read before anything is copied. The last journal's columns are made
        // anew where they are damaged.
        for name in try files.contentsOfDirectory(atPath: copy + "/log") {
            let path = copy + "/log/" + name
            let whole = try #require(files.contents(atPath: path))
            var damaged = whole
            damaged[whole.count / 2] ^= 4
            try files.removeItem(atPath: path)
            try damaged.write(to: URL(fileURLWithPath: path))
            let said = refused(copy, other)
            if said.hasPrefix("restored") {
                #expect(name.hasPrefix("00000000000000000101-") && !isCompacted, "\(name)")
                #expect(try dump(other) == expected, "\(name)")
                try files.removeItem(atPath: other)
                #expect(files.contents(atPath: path) == damaged, "\(name) was changed")
            } else {
                #expect(said.contains("damage in \(path)"), "\(said)")
                #expect(try files.contentsOfDirectory(atPath: other).isEmpty)
            }
            try whole.write(to: URL(fileURLWithPath: path))
        }
        #expect(try Engine.restore(from: copy, to: other).end == end)
        #expect(try dump(other) == expected)
    }

    private func dump(_ directory: String) throws -> [UInt8] {
        let engine = try open(directory)
        defer { try? engine.close() }
        _ = try engine.checkpoint()
        return try engine.physicalDump()
    }
}
