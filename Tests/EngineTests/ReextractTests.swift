// What could go wrong: a store whose names were found again answers otherwise than one that got
// its messages under the new profile: a name is missing, an old one is left in the rollups, a count
// is of the wrong message; archived, merged and dropped segments are told apart wrongly.
import Engine
import Envelope
import MessageLog
import Model
import Query
import TestSupport
import Testing

@Suite struct ReextractTests {
    private func fill(
        _ path: String, _ messages: [ModelMessage], _ profile: Profile, seed: UInt64
    ) throws -> ReferenceModel {
        let engine = try Engine(
            directory: path, options: smallOptions(journalBytes: 16 << 10, seed: seed))
        let parser = EnvelopeParser(profile: profile)
        var model = ReferenceModel()
        for (place, message) in messages.enumerated() {
            var batch = RecordBatch()
            let envelope = Array(message.envelope.utf8)
            _ = envelope.withUnsafeBytes {
                parser.append(
                    $0, frameTopic: nil, arrival: Timestamp(microseconds: RandomHistory.arrival),
                    to: &batch)
            }
            _ = try Appending(batch, to: engine).outcome.get()
            _ = model.append(message)
            if place == messages.count / 2 { try engine.compact() }
        }
        try engine.close()
        return model
    }

    private func dump(_ path: String) throws -> [String] {
        let engine = try Engine(directory: path, options: smallOptions())
        _ = try engine.checkpoint()
        var lines: [String] = []
        try engine.logicalDump { lines.append($0) }
        try engine.close()
        return lines.sorted()
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func equalsAFreshImport(seed: UInt64) throws {
        let directory = TemporaryDirectory()
        var source = RandomHistory(seed: seed)
        let messages = source.messages(150)
        let old = directory.path + "/old"
        let fresh = directory.path + "/fresh"
        let model = try fill(old, messages, seed % 2 == 0 ? .none : .generic, seed: seed)
        _ = try fill(fresh, messages, .ofTests, seed: seed)
        if seed % 2 == 0 { #expect(try dump(old) != dump(fresh)) }

        let report = try Engine.reextract(
            directory: old, profile: .ofTests, options: smallOptions())
        #expect(report.renamed == model.end && report.kept == 0)
        #expect(try dump(old) == dump(fresh))
        let engine = try Engine(directory: old, options: smallOptions())
        for _ in 0..<300 {
            let question = source.question()
            #expect(
                Executor.answer(question, from: engine).spelledOut
                    == model.answer(question).spelledOut, "\(question)")
        }
        try engine.close()
    }
}
