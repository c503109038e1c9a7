// What could go wrong while LMDB's environment is replaced under a running engine: a checkpoint
// that falls between copy and swap is lost or counted twice; a reader that began before it loses
// its pages; names change their ids; an environment or a file stays open for ever; a rebuild keeps
// the damage, or one that cannot be right takes the place of what was there.
import Engine
import Glibc
import LMDB
import Model
import Query
import Rollup
import Synchronization
import TestSupport
import Testing

@Suite struct ReplacementTests {
    private static let messages = 2_000
    /// So many at least while messages come, every third one a rewrite.
    private static let replacements = 6

    /// What the threads of a test share.
    private final class Course: Sendable {
        let isDone = Atomic(false)
        let replaced = Atomic(0)
    }

    /// Appends and folds until there were enough messages and replacements; returns how many.
    private static func append(
        to engine: Engine, seed: UInt64, _ course: Course
    ) throws -> Int {
        var random = SeededGenerator(seed: seed)
        var end = 0
        while end < messages
            || course.replaced.load(ordering: .relaxed) < replacements && end < 30 * messages
        {
            let last = end + 1 + random.below(20)
            try NumberedMessages.append(end + 1...last, to: engine)
            end = last
            // The thread that replaces has less priority, and other tests run as well.
            usleep(end < messages ? 2_000 : 50_000)
            if random.chance(20) { _ = try engine.checkpoint() }
        }
        #expect(course.replaced.load(ordering: .relaxed) >= replacements)
        return end
    }

    private static func replace(_ engine: Engine, _ course: Course) {
        do {
            while !course.isDone.load(ordering: .relaxed) {
                if course.replaced.load(ordering: .relaxed) % 3 == 2 {
                    try engine.compact()
                } else {
                    _ = try engine.rebuild()
                }
                course.replaced.add(1, ordering: .relaxed)
            }
        } catch {
            Issue.record("\(error)")
        }
    }

    private static func read(_ engine: Engine, _ course: Course, _ place: Comment) {
        var last = 0
        while !course.isDone.load(ordering: .relaxed) {
            let seen = NumberedMessages.check(engine, place)
            #expect(seen >= last, "\(place): an older moment after a newer one")
            last = seen
            usleep(1_000)
        }
    }

    @Test(.serialized, arguments: 1...3 as ClosedRange<UInt64>)
    func everyAnswerIsRightWhileRollupsAreReplaced(seed: UInt64) throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        let options = smallOptions(journalBytes: 64 << 10, segmentRecords: 300, seed: seed)
        let (end, dump) = try autoclosing(try Engine(directory: store, options: options)) {
            engine in
            let course = Course()
            let threads = [
                WorkerThread(name: "replacer") { Self.replace(engine, course) },
                WorkerThread(name: "reader") { Self.read(engine, course, "seed \(seed)") },
            ]
            let end = try Self.append(to: engine, seed: seed, course)
            course.isDone.store(true, ordering: .relaxed)
            for thread in threads { thread.join() }
            #expect(NumberedMessages.check(engine, "seed \(seed), at the end") == end)
            let report = try engine.verify()
            #expect(report.isSound, "seed \(seed): \(report)")
            #expect(try rollupDirectories(of: store) == ["rollups"])
            #expect(try forgottenFiles(of: store) == 0)
            return (end, try engine.physicalDump())
        }
        // What is on the disk is what was served, and not a file that was left behind.
        try autoclosing(try Engine(directory: store, options: smallOptions())) { engine in
            #expect(engine.progress.counters.watermark == UInt64(end))
            let onDisk = try engine.physicalDump()
            #expect(onDisk == dump, "seed \(seed)")
        }
    }

    @Test func aReaderFromBeforeGoesOnAndLetsGo() throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        let engine = try Engine(directory: store, options: smallOptions(segmentRecords: 300))
        try NumberedMessages.append(1...900, to: engine)
        _ = try engine.checkpoint()
        func total(_ snapshot: borrowing Snapshot) throws -> UInt64 {
            try snapshot.rollups.count(
                .all, hours: RandomHistory.start / 3_600..<RandomHistory.start / 3_600 + 100)
        }
        try engine.read { snapshot in
            #expect(try total(snapshot) == 900)
            try engine.compact()
            let kept = try forgottenFiles(of: store)
            for round in 1...3 {
                try NumberedMessages.append(round * 900 + 1...round * 900 + 900, to: engine)
                _ = try engine.rebuild()
                try engine.compact()
                #expect(try total(snapshot) == 900, "after \(round) rebuilds and rewrites")
                #expect(
                    NumberedMessages.check(engine, "beside the old reader") == 900 + round * 900)
            }
            // Its own environment, and none of those in between.
            #expect(try forgottenFiles(of: store) == kept && kept > 0)
        }
        #expect(try forgottenFiles(of: store) == 0)
        let report = try engine.verify()
        #expect(report.isSound)
        try engine.close()
    }

    @Test func aRebuildHealsRowsWhileTheyAreServed() throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        try autoclosing(try Engine(directory: store, options: smallOptions())) { engine in
            try NumberedMessages.append(1...500, to: engine)
        }
        // Every row is cut short, so that checkpoints fail too.
        try change(store) { key, value in key[0] >= 0x10 ? Array(value.dropLast()) : nil }
        try autoclosing(try Engine(directory: store, options: smallOptions())) { engine in
            try NumberedMessages.append(501...700, to: engine)
            #expect(throws: EngineError.self) { try engine.checkpoint() }
            let watermark = try engine.rebuild()
            #expect(watermark == 700)
            #expect(NumberedMessages.check(engine, "rebuilt") == 700)
            let report = try engine.verify()
            #expect(report.isSound)
        }
    }

    @Test func aRebuildWithOtherIdsIsRefused() throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        try autoclosing(try Engine(directory: store, options: smallOptions())) { engine in
            try NumberedMessages.append(1...500, to: engine)
        }
        // The running engine then takes the first user for another one.
        try change(store) { key, _ in
            key == [0x02, Dimension.user.code, 0, 0, 0, 1] ? Array("mallory".utf8) : nil
        }
        try autoclosing(try Engine(directory: store, options: smallOptions())) { engine in
            let before = try engine.physicalDump()
            do {
                _ = try engine.rebuild()
                Issue.record("names with other ids were swapped in")
            } catch EngineError.namesDiffer {
                let after = try engine.physicalDump()
                #expect(after == before)
                #expect(try rollupDirectories(of: store) == ["rollups"])
            }
        }
        let watermark = try Engine.rebuild(directory: store, options: smallOptions())
        #expect(watermark == 500)
        try autoclosing(try Engine(directory: store, options: smallOptions())) { engine in
            #expect(NumberedMessages.check(engine, "rebuilt") == 500)
            let report = try engine.verify()
            #expect(report.isSound)
        }
    }

    /// Gives entries of a closed store's rollups the values that `body` returns for them.
    private func change(
        _ store: String, _ body: ([UInt8], [UInt8]) -> [UInt8]?
    ) throws {
        let environment = try Environment.open(path: store + "/rollups", mapBytes: 64 << 20)
        var changed: [([UInt8], [UInt8])] = []
        try environment.beginRead().forEach { key, value in
            if let new = body(Array(key), Array(value)) { changed.append((Array(key), new)) }
            return true
        }
        #expect(!changed.isEmpty)
        var writer = try environment.beginWrite()
        for (key, value) in changed { try writer.put(key, value) }
        try writer.commit()
    }
}
