import Foundation
import LMDB
import Model
import TestSupport
import Testing

@testable import Rollup

// What is stored could depend on how often checkpoints ran or be counted twice over a reopening;
// a view could change under its reader; rows of another log or damaged ones could be served.
@Suite struct StoreTests {
    private static let shape = HistoryShape()
    private static let logID = [UInt8](1...16)

    /// A directory that goes away with the test.
    private final class Directory {
        let path: String
        /// Small, so that it must grow; a test that keeps a reader open cannot have that.
        private let firstMapBytes: Int

        init(firstMapBytes: Int = 128 << 10) throws {
            self.firstMapBytes = firstMapBytes
            path = FileManager.default.temporaryDirectory.path + "/rollup-\(UUID().uuidString)"
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func open(_ logID: [UInt8] = StoreTests.logID) throws(RollupError) -> RollupStore {
            try RollupStore.open(
                directory: path, mapBytes: 256 << 20, firstMapBytes: firstMapBytes, logID: logID)
        }
    }

    private static func dump(_ store: RollupStore) throws -> [[UInt8]] {
        var entries: [[UInt8]] = []
        try store.beginRead().physicalDump { entries.append(Array($0) + Array($1)) }
        return entries
    }

    private static func lines(_ store: RollupStore) throws -> [String] {
        var lines: [String] = []
        try store.beginRead().logicalDump(names: store.names) { lines.append($0) }
        return lines
    }

    /// Puts a history through random runs, merges, checkpoints and reopenings.
    private static func pass(
        _ naive: NaiveRollup, _ directory: Directory, _ random: inout SeededGenerator,
        reopen: Bool, check: (borrowing RollupView, Int) throws -> Void = { _, _ in }
    ) throws -> RollupStore {
        var store = try directory.open()
        ViewChecks.intern(shape, store.names)
        var waiting: [Run] = []
        var end = 0
        while end < naive.messages.count {
            let start = end
            end = min(end + Int.random(in: 1...700, using: &random), naive.messages.count)
            waiting.append(Run.build(rows(naive.messages[start..<end])))
            if waiting.count > 2 && Bool.random(using: &random) {
                waiting = [Run.merge(Array(waiting.dropLast())), waiting[waiting.count - 1]]
            }
            if Int.random(in: 0..<12, using: &random) == 0 {
                try check(
                    RollupView(store.beginRead(), runs: waiting, names: store.names), end)
            }
            if Int.random(in: 0..<3, using: &random) == 0 {
                let some = Int.random(in: 1...waiting.count, using: &random)
                try store.checkpoint(Array(waiting.prefix(some)), names: store.names)
                waiting.removeFirst(some)
            }
            if reopen && Int.random(in: 0..<6, using: &random) == 0 {
                store = try reopened(consume store, directory)
                ViewChecks.intern(shape, store.names)
            }
        }
        try store.checkpoint(waiting, names: store.names)
        return store
    }

    /// Closes the store, then opens it.
    private static func reopened(
        _ store: consuming RollupStore, _ directory: Directory
    ) throws -> RollupStore {
        let watermark = store.watermark
        _ = consume store
        let opened = try directory.open()
        #expect(opened.watermark == watermark)
        return opened
    }

    @Test(arguments: 1...4) func everyHistoryOfCheckpointsLeavesTheSameBytes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let naive = Self.shape.make(5_000, &random)
        let atOnceDirectory = try Directory()
        let atOnce = try atOnceDirectory.open()
        ViewChecks.intern(Self.shape, atOnce.names)
        try atOnce.checkpoint([Run.build(rows(naive.messages[...]))], names: atOnce.names)

        let directory = try Directory()
        var shadow = random
        let store = try Self.pass(naive, directory, &random, reopen: true) { view, end in
            let part = NaiveRollup(messages: Array(naive.messages[..<end]))
            #expect(view.sequence == UInt64(end))
            try ViewChecks.check(view, part, Self.shape, &shadow, "seed \(seed) at \(end)")
        }
        #expect(try Self.dump(store) == Self.dump(atOnce), "seed \(seed)")

        let compactDirectory = try Directory()
        try store.compact(to: compactDirectory.path)
        let compacted = try compactDirectory.open()
        #expect(try Self.dump(compacted) == Self.dump(atOnce), "seed \(seed)")
        #expect(compacted.watermark == store.watermark)
    }

    @Test(arguments: 1...3) func minutesGoTheSameWayWhenever(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let naive = Self.shape.make(3_000, &random)
        let times = naive.messages.map(\.time).sorted()
        let day = Granularity.day.microseconds
        let from = Timestamp(microseconds: times[1_500].floorDivided(by: day) * day)
        let known = 1 + random.below(2_999)
        var dumps: [[[UInt8]]] = []
        // All at once; rows that are there already; rows that come behind the horizon.
        for cuts in [[3_000], [known, 3_000], [known, known + 1, 3_000]] {
            let directory = try Directory()
            let store = try directory.open()
            ViewChecks.intern(Self.shape, store.names)
            var start = 0
            for cut in cuts where cut > start {
                try store.checkpoint(
                    [Run.build(rows(naive.messages[start..<cut]))], names: store.names,
                    minutesFrom: cut > known ? from : nil)
                start = cut
            }
            dumps.append(try Self.dump(store))
            #expect(try store.beginRead().minutesFrom == from.microseconds)
            let minutes = try Self.lines(store).filter { $0.hasPrefix("topic-minute") }
            let starts = minutes.compactMap {
                Int64($0.split(separator: "\t").dropLast().last ?? "")
            }
            #expect(starts.count == minutes.count && !starts.isEmpty)
            #expect(starts.allSatisfy { $0 >= from.seconds }, "seed \(seed)")
        }
        #expect(dumps[0] == dumps[1] && dumps[0] == dumps[2], "seed \(seed)")
    }

    @Test(arguments: 1...3) func orderOfMessagesDoesNotChangeAnswersByName(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var naive = Self.shape.make(3_000, &random)
        var dumps: [[String]] = []
        for _ in 0..<2 {
            let directory = try Directory()
            let store = try Self.pass(naive, directory, &random, reopen: false)
            dumps.append(try Self.lines(store))
            naive.messages.shuffle(using: &random)
        }
        #expect(dumps[0] == dumps[1], "seed \(seed)")
        #expect(dumps[0] == dumps[0].sorted() && !dumps[0].isEmpty)
        let counted = dumps[0].filter { $0.hasPrefix("topic-hour\t*\t") }
            .reduce(0) { $0 + Int($1.split(separator: "\t").last ?? "")! }
        #expect(counted == naive.messages.count { $0.topic != 0 })
    }

    @Test func aViewStaysWhatItWasWhenItsRunsAreFoldedIn() throws {
        var random = SeededGenerator(seed: 9)
        let naive = Self.shape.make(4_000, &random)
        let directory = try Directory(firstMapBytes: 64 << 20)
        let store = try directory.open()
        ViewChecks.intern(Self.shape, store.names)
        let first = Run.build(rows(naive.messages[..<1_000]))
        let second = Run.build(rows(naive.messages[1_000..<2_000]))
        let third = Run.build(rows(naive.messages[2_000...]))
        try store.checkpoint([first], names: store.names)
        let part = NaiveRollup(messages: Array(naive.messages[..<2_000]))
        let view = try RollupView(store.beginRead(), runs: [first, second], names: store.names)
        try ViewChecks.check(view, part, Self.shape, &random, "before")
        try store.checkpoint([second, third], names: store.names)
        try ViewChecks.check(view, part, Self.shape, &random, "after")
        let later = try RollupView(
            store.beginRead(), runs: [first, second, third], names: store.names)
        try ViewChecks.check(later, naive, Self.shape, &random, "later")
    }

    @Test func namesComeBackByIdAndNoneFromBehindTheWatermark() throws {
        let directory = try Directory()
        do {
            let store = try directory.open()
            store.names.intern(.topic, Array("org.x.prod.git.receive".utf8))
            store.names.intern(.agent, Array("releng".utf8))
            var columns = RollupRows(first: 1, last: 1)
            columns.append(time: 0, topic: 1)
            columns.nameCounts = store.names.counts()
            store.names.intern(.topic, Array("org.x.prod.later".utf8))
            try store.checkpoint([Run.build(columns)], names: store.names)
        }
        let store = try directory.open()
        #expect(store.names.count(.topic) == 1 && store.names.count(.agent) == 1)
        #expect(store.names.text(.topic, 1) == Array("org.x.prod.git.receive".utf8))
        let category = store.names.category(ofTopic: 1)
        #expect(store.names.text(.category, category) == Array("git".utf8))
    }

    /// Makes a store of 500 messages, and closes it.
    /// - Returns: its names.
    private func fill(_ directory: Directory) throws -> NameTable {
        let store = try directory.open()
        ViewChecks.intern(Self.shape, store.names)
        var random = SeededGenerator(seed: 3)
        let naive = Self.shape.make(500, &random)
        try store.checkpoint([Run.build(rows(naive.messages[...]))], names: store.names)
        return store.names
    }

    @Test func anotherLogsAndDamagedDirectoriesAreRefused() throws {
        let directory = try Directory()
        _ = try fill(directory)
        #expect(throws: RollupError.needsRebuild("\(directory.path) belongs to another log")) {
            _ = try directory.open([UInt8](repeating: 9, count: 16))
        }
        do {
            let environment = try Environment.open(path: directory.path, mapBytes: 256 << 20)
            var transaction = try environment.beginWrite()
            let key = RowKey(kind: .topicHour, chunk: 20_480 * 24 / 768, block: 0)
            try transaction.put(key.encoded, [0, 200, 1, 1])
            try transaction.commit()
        }
        let store = try directory.open()
        let view = try RollupView(store.beginRead(), runs: [], names: store.names)
        #expect(throws: RollupError.damaged("a row of kind topic-hour")) {
            _ = try view.count(.all, hours: 20_480 * 24..<20_480 * 24 + 5)
        }
        var columns = RollupRows(first: store.watermark + 1, last: store.watermark + 1)
        columns.append(time: 20_480 * 86_400_000_000, topic: 1)
        #expect(throws: RollupError.damaged("a row of kind topic-hour")) {
            try store.checkpoint([Run.build(columns)], names: store.names)
        }
    }

    @Test(arguments: [Model.Dimension.user, .category], [UInt32(2), 5_000])
    func namesThatAreNoneOfTheirsAreRefused(dimension: Model.Dimension, id: UInt32) throws {
        let directory = try Directory()
        let known = try fill(directory).text(.user, 1)
        do {
            let environment = try Environment.open(path: directory.path, mapBytes: 256 << 20)
            var transaction = try environment.beginWrite()
            try transaction.put(RollupMeta.Key.name(dimension.code, id), known)
            try transaction.commit()
        }
        #expect(throws: RollupError.needsRebuild("the stored names are damaged")) {
            _ = try directory.open()
        }
    }
}
