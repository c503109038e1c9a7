// What could go wrong: a store that an earlier version has written cannot be opened any more, or
// says something else; one of a later version is taken for damage, or worse, is read.
//
// `Golden/N` has the log of a store as version N of the formats has written it (an archive, sealed
// journal, a journal whose program was killed) and, in `expected.txt`, what it says. These files
// never change; a new version of a format adds a directory: TALLYLOG_WRITE_GOLDEN=PATH writes one.
import Engine
import Foundation
import LMDB
import MessageLog
import Model
import Query
import TestSupport
import Testing

@Suite struct GoldenStoreTests {
    private static let golden = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Golden")
    private static let versions: [String] = {
        let found = try? FileManager.default.contentsOfDirectory(atPath: golden.path)
        return (found ?? []).sorted()
    }()

    @Test(arguments: versions) func oldStoresSayWhatTheySaid(version: String) throws {
        let place = try copy(version)
        let expected = try String(
            contentsOf: Self.golden.appending(path: "\(version)/expected.txt"), encoding: .utf8)
        let engine = try Engine(directory: place.path + "/store", options: smallOptions())
        let said = try Self.said(by: engine)
        let report = try engine.verify()
        try engine.close()
        #expect(said == expected)
        #expect(report.isSound, "\(report)")
    }

    @Test func thereAreGoldenStores() { #expect(Self.versions == ["0", "1"]) }

    /// What an old program has begun, this one goes on with, in the same files and in new ones.
    @Test(arguments: versions) func oldStoresGoOn(version: String) throws {
        let place = try copy(version)
        var said = ""
        try autoclosing(Engine(directory: place.path + "/store", options: smallOptions())) {
            engine in
            var source = RandomHistory(seed: 21)
            for _ in 0..<4 { _ = try append(source.messages(20), to: engine) }
            #expect(try engine.verify().isSound)
            try engine.compact()
            said = try Self.said(by: engine)
            #expect(try engine.verify().isSound)
        }
        try autoclosing(Engine(directory: place.path + "/store", options: smallOptions())) {
            engine in
            let again = try Self.said(by: engine)
            #expect(again == said)
            #expect(try engine.verify().isSound)
        }
    }

    /// Of each kind of file one is made that only a later program can have written.
    @Test func laterFilesAreRefusedInWords() throws {
        let version = try #require(Self.versions.last)
        for (ending, batch) in [
            (".journal", false), (".journal", true), (".columns", false),
            (".archive", false),
        ] as [(String, Bool)] {
            let place = try copy(version)
            let log = place.path + "/store/log"
            let names = try FileManager.default.contentsOfDirectory(atPath: log).sorted()
            let name = try #require(names.last { $0.hasSuffix(ending) })
            let url = URL(filePath: log + "/" + name)
            var bytes = Array(try Data(contentsOf: url))
            if batch {
                Self.raise(&bytes, at: 512 + 4, checked: 512..<512 + 44)
            } else {
                Self.raise(&bytes, at: 8, checked: ending == ".journal" ? 0..<508 : 0..<60)
            }
            try Data(bytes).write(to: url)
            let error = #expect(throws: EngineError.self) {
                _ = try Engine(directory: place.path + "/store", options: smallOptions())
            }
            let text = error.map { "\($0)" } ?? ""
            #expect(text.contains("version") && text.contains(name), "\(name): \(text)")
            #expect(try Data(contentsOf: url) == Data(bytes), "\(name) was changed")
        }
    }

    /// What is a function of the log is computed again, whatever another version has left.
    @Test func laterRollupsAreComputedAgain() throws {
        let place = try copy(try #require(Self.versions.last))
        let store = place.path + "/store"
        func dump() throws -> [UInt8] {
            try autoclosing(Engine(directory: store, options: smallOptions())) { engine in
                _ = try engine.checkpoint()
                return try engine.physicalDump()
            }
        }
        let before = try dump()
        do {
            let environment = try Environment.open(path: store + "/rollups", mapBytes: 64 << 20)
            var transaction = try environment.beginWrite()
            var meta = try #require(try transaction.get([1]).map { Array($0) })
            Self.raise(&meta, at: 0, checked: 0..<meta.count - 4)
            try transaction.put([1], meta)
            try transaction.commit()
        }
        #expect(try dump() == before)
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["TALLYLOG_WRITE_GOLDEN"] != nil))
    func writeGolden() throws {
        let target = try #require(ProcessInfo.processInfo.environment["TALLYLOG_WRITE_GOLDEN"])
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        let engine = try Engine(directory: store, options: smallOptions(journalBytes: 16 << 10))
        var source = RandomHistory(seed: 20)
        _ = try append(source.messages(110), to: engine)
        try engine.compact()
        for _ in 0..<7 { _ = try append(source.messages(9), to: engine) }
        _ = try engine.checkpoint()
        // As a kill would leave it.
        try FileManager.default.createDirectory(
            atPath: target, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: store + "/log", toPath: target + "/log")
        try Data(try Self.said(by: engine).utf8).write(to: URL(filePath: target + "/expected.txt"))
        try engine.close()
    }

    // MARK: Steps

    /// Everything: the stored counts by name, and the messages in order.
    private static func said(by engine: Engine) throws -> String {
        _ = try engine.checkpoint()
        var lines = try EngineTests.lines(engine)
        let read = Executor.answer(
            .read(ReadQuestion(from: 1, limit: Limits.replyRowsMax)), from: engine)
        guard case .array(let parts) = read.spelledOut, case .array(let rows) = parts[1] else {
            preconditionFailure("a log can be read: \(read)")
        }
        for case .array(let fields) in rows {
            guard case .integer(let sequence) = fields[0], case .bulk(let envelope) = fields[1]
            else { preconditionFailure("a message has a sequence and an envelope") }
            lines.append("\(sequence)\t\(String(decoding: envelope, as: UTF8.self))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func copy(_ version: String) throws -> TemporaryDirectory {
        let place = TemporaryDirectory()
        let store = place.subdirectory("store")
        try FileManager.default.copyItem(
            atPath: Self.golden.appending(path: "\(version)/log").path, toPath: store + "/log")
        return place
    }

    /// Makes the version one more, and the checksum behind a range fit.
    private static func raise(_ bytes: inout [UInt8], at place: Int, checked: Range<Int>) {
        bytes[place] += 1
        var checksum: [UInt8] = []
        checksum.append(integer: Checksum.crc32c(Array(bytes[checked])))
        bytes.replaceSubrange(checked.upperBound..<checked.upperBound + 4, with: checksum)
    }
}
