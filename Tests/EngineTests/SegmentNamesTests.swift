// What could go wrong: a store opened again looks names up when they are needed, and finds other
// ids than it gave; it passes a segment over that has the name, once merging has put two in one; or
// a name that cannot be read is taken for another. So: each segment has a user of its own.
import Engine
import Envelope
import Foundation
import MessageLog
import Model
import Query
import TestSupport
import Testing

@Suite struct SegmentNamesTests {
    private static let perSegment = 50

    /// Messages of one user that fill a segment.
    private func records(of user: Int) -> RecordBatch {
        let numbers = user * Self.perSegment..<(user + 1) * Self.perSegment
        let envelopes = numbers.map { number in
            #"{"topic":"org.example.prod.git.push","msg_id":"id \#(number)","#
                + #""timestamp":\#(RandomHistory.start + Int64(number)),"#
                + #""msg":{"agent":"\#(name(user))"}}"#
        }
        return EngineTests.records(parsing: envelopes, profile: .generic)
    }

    private func append(_ users: Range<Int>, to engine: Engine) throws {
        for user in users { _ = try Appending(records(of: user), to: engine).outcome.get() }
    }

    private func name(_ user: Int) -> String { "somebody\(user)" }

    /// A user's messages, listed from the columns.
    private func listed(_ user: Int, in engine: Engine) -> Reply {
        let clause = Filter.Clause(.user, [.name(Array(name(user).utf8))])
        let selection = Selection(filter: Filter(any: [clause]))
        return Executor.answer(
            .messages(MessagesQuestion(selection: selection, limit: 1_000)), from: engine
        ).spelledOut
    }

    private func rows(_ reply: Reply) -> Int? {
        guard case .array(let parts) = reply, case .array(let rows) = parts[1] else { return nil }
        return rows.count
    }

    @Test func namesAreFoundAfterOpeningAndMerging() throws {
        let directory = TemporaryDirectory()
        for round in 0..<3 {
            let engine = try Engine(directory: directory.path + "/store", options: smallOptions())
            // Half of the segments' names are known before the others come, and all are merged.
            for user in stride(from: 0, to: round * 6, by: 2) {
                #expect(rows(listed(user, in: engine)) == Self.perSegment, "\(round): \(user)")
            }
            try append(round * 6..<round * 6 + 6, to: engine)
            for isMerged in [false, true] {
                if isMerged { try engine.compact() }
                for user in 0..<round * 6 + 6 {
                    #expect(
                        rows(listed(user, in: engine)) == Self.perSegment,
                        "round \(round), user \(user), merged: \(isMerged)")
                }
            }
            // Names that were looked up late have the ids that the log gives them.
            _ = try engine.rebuild()
            try engine.close()
        }
    }

    @Test func aNameThatCannotBeReadIsRefused() throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        func withEngine(_ body: (Engine) throws -> Void) throws {
            let engine = try Engine(directory: store, options: smallOptions())
            try body(engine)
            try engine.close()
        }
        try withEngine { try append(0..<4, to: $0) }
        let columns = try FileManager.default.contentsOfDirectory(atPath: store + "/log")
            .filter { $0.hasSuffix(".columns") }.map { store + "/log/" + $0 }
        let path = try #require(
            columns.first { FileManager.default.contents(atPath: $0)?.text(name(2)) != nil })
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        let place = try #require(FileManager.default.contents(atPath: path)?.text(name(2)))
        try file.seek(toOffset: UInt64(place))
        try file.write(contentsOf: Array("nobody".utf8))
        try withEngine { engine in
            // The rollups know how many there are; who they are of is asked of the columns.
            #expect(count(engine) == .integer(Int64(4 * Self.perSegment)))
            guard case .error(let text) = listed(2, in: engine) else {
                Issue.record("a damaged name was looked for in vain")
                return
            }
            #expect(text.contains(path), "\(text)")
        }
        // Rollups are not made of it either.
        try FileManager.default.removeItem(atPath: store + "/rollups")
        #expect(throws: EngineError.self) { try withEngine { _ in } }
        try file.seek(toOffset: UInt64(place))
        try file.write(contentsOf: Array(name(2).utf8))
        try file.close()
        try withEngine { engine in #expect(rows(listed(2, in: engine)) == Self.perSegment) }
    }
}

extension Data {
    /// Where a text begins in these bytes.
    fileprivate func text(_ text: String) -> Int? { firstRange(of: Data(text.utf8))?.lowerBound }
}
