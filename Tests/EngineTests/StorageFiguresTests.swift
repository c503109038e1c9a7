// What could go wrong: INFO's figures of what a store takes are not those of its files; they count
// what retention has dropped, or repair has given up, as if it were there, or do not name it; names
// are counted twice, or not all. And a store is restored over files that are there already.
import Engine
import Foundation
import MessageLog
import Model
import TestSupport
import Testing

@Suite struct StorageFiguresTests {
    private func figures(_ engine: Engine) -> [String: String] {
        Dictionary(engine.storage(), uniquingKeysWith: { first, _ in first })
    }

    /// The bytes of a log's files whose names end so.
    private func bytes(_ store: String, _ ending: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: store + "/log")
            .filter { $0.hasSuffix(ending) }
            .reduce(0) { sum, name in
                let path = store + "/log/" + name
                let size = try FileManager.default.attributesOfItem(atPath: path)[.size]
                return sum + (size as? Int ?? 0)
            }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func theyAreThoseOfTheFiles(seed: UInt64) throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        var source = RandomHistory(seed: seed)
        let messages = source.messages(400)
        let engine = try Engine(directory: store, options: smallOptions(segmentRecords: 60))
        let taken = zip(messages, try append(messages, to: engine)).filter {
            if case .appended = $1 { true } else { false }
        }.map(\.0)
        try engine.compact()
        var found = figures(engine)
        #expect(found["records"] == "\(engine.progress.counters.end)", "seed \(seed)")
        #expect(found["archived_records"] == found["records"], "seed \(seed)")
        #expect(found["journal_bytes"] == "0", "seed \(seed)")
        #expect(found["archive_bytes"] == "\(try bytes(store, ".archive"))", "seed \(seed)")
        #expect(found["columns_bytes"] == "\(try bytes(store, ".columns"))", "seed \(seed)")
        #expect(found["archives"] == found["segments"], "seed \(seed)")
        #expect(found["dropped_records"] == "0" && found["payloads_from"] == nil)
        #expect(found["lost_records"] == nil && found["lost_payloads"] == nil)
        #expect(found["names_topic"] == "\(Set(taken.map(\.topic)).count)", "seed \(seed)")
        #expect(found["names_user"] == "\(Set(taken.flatMap(\.users)).count)", "seed \(seed)")
        #expect(found["names_package"] == "\(Set(taken.flatMap(\.packages)).count)")
        // What has come since stands in a journal.
        _ = try append(source.messages(20), to: engine)
        found = figures(engine)
        let behind = try #require(Int(found["journal_bytes"] ?? ""))
        let journals = try bytes(store, ".journal")
        #expect(behind > 0 && behind <= journals, "seed \(seed)")
        #expect(found["records"] == "\(engine.progress.counters.end)", "seed \(seed)")
        try engine.close()
    }

    /// What is dropped is said, and from when on there is something.
    @Test func whatRetentionDropsIsNamed() throws {
        let directory = TemporaryDirectory()
        let clock = TestClock()
        var options = smallOptions(segmentRecords: 40)
        options.clock = { clock.now }
        options.log.retention = Retention(seconds: 10 * 86_400, minuteSeconds: 10 * 86_400)
        var source = RandomHistory(seed: 7)
        let engine = try Engine(directory: directory.path + "/store", options: options)
        _ = try append(
            source.messages(200).sorted { $0.time < $1.time }, to: engine)
        clock.now = Timestamp(seconds: RandomHistory.start + 30 * 86_400)
        try engine.compact()
        let found = figures(engine)
        let dropped = try engine.read { snapshot in
            snapshot.segments.filter(\.segment.isDropped).reduce(0) { $0 + $1.segment.rows }
        }
        #expect(dropped > 0 && found["dropped_records"] == "\(dropped)", "\(found)")
        #expect(found["payloads_from_sequence"] == "\(dropped + 1)", "\(found)")
        let from = try #require(Int64(found["payloads_from"] ?? ""))
        #expect(from > RandomHistory.start && from <= clock.now.seconds - 10 * 86_400)
        let minutes = try #require(Int64(found["minutes_from"] ?? ""))
        #expect(minutes % 86_400 == 0 && minutes <= clock.now.seconds - 10 * 86_400)
        #expect(found["records"] == "\(engine.progress.counters.end)")
        try engine.close()
    }

    /// What repair gives up is said, once, also after a restart.
    @Test func whatIsLostIsNamed() throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        var source = RandomHistory(seed: 11)
        do {
            let engine = try Engine(directory: store, options: smallOptions(segmentRecords: 60))
            _ = try append(source.messages(300), to: engine)
            try engine.compact()
            try engine.close()
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: store + "/log")
        let archive = try #require(names.filter { $0.hasSuffix(".archive") }.sorted().first)
        var content = try Data(contentsOf: URL(filePath: store + "/log/" + archive))
        for place in content.indices where place % 64 == 0 { content[place] ^= 0x40 }
        try content.write(to: URL(filePath: store + "/log/" + archive))
        let report = try Engine.repair(directory: store, options: smallOptions())
        #expect(!report.losses.isEmpty)
        for _ in 0..<2 {
            let engine = try Engine(directory: store, options: smallOptions())
            let found = figures(engine)
            for (what, word) in [(Loss.What.records, "records"), (.payloads, "payloads")] {
                let lost = report.losses.reduce(0) { $0 + ($1.what == what ? $1.count : 0) }
                #expect(found["lost_\(word)"] == (lost > 0 ? "\(lost)" : nil), "\(found)")
            }
            try engine.close()
        }
    }

    @Test func nothingIsRestoredOverFiles() throws {
        let directory = TemporaryDirectory()
        var source = RandomHistory(seed: 13)
        let engine = try Engine(directory: directory.path + "/store", options: smallOptions())
        _ = try append(source.messages(30), to: engine)
        let copy = directory.path + "/copy"
        let end = try engine.backup(to: copy)
        try engine.close()
        let target = directory.path + "/target"
        try FileManager.default.createDirectory(
            atPath: target, withIntermediateDirectories: false)
        try Data("mine".utf8).write(to: URL(filePath: target + "/note"))
        do {
            _ = try Engine.restore(from: copy, to: target)
            Issue.record("restored over a file")
        } catch { #expect("\(error)".contains("\(target) is not empty"), "\(error)") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: target) == ["note"])
        try FileManager.default.removeItem(atPath: target + "/note")
        _ = try Engine.restore(from: copy, to: target)
        let restored = try Engine(directory: target, options: smallOptions())
        #expect(restored.progress.counters.end == end)
        try restored.close()
    }
}
