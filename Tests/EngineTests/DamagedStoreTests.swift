// What could go wrong: a flipped bit in a sealed file changes an answer, and nobody is told; or the
// store crashes, or loses what is intact. So: flip bits all over an archive and its columns, open
// the store, and ask: each answer is the model's, or an error that names the damaged file.
import Engine
import Foundation
import MessageLog
import Query
import TestSupport
import Testing

@Suite struct DamagedStoreTests {
    /// A store of one archive, and the model of what is in it.
    private func filled(
        _ directory: String, _ source: inout RandomHistory
    ) throws -> ReferenceModel {
        var model = ReferenceModel()
        let engine = try Engine(
            directory: directory, options: smallOptions(journalBytes: 1 << 20, segmentRecords: 400))
        for _ in 0..<5 {
            let messages = source.messages(200)
            _ = try append(messages, to: engine)
            for message in messages { _ = model.append(message) }
        }
        try engine.compact()
        try engine.close()
        return model
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func everyAnswerIsRightOrRefused(seed: UInt64) throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        var source = RandomHistory(seed: seed)
        let model = try filled(store, &source)
        let names = try FileManager.default.contentsOfDirectory(atPath: store + "/log")
        #expect(names.count == 2, "\(names)")
        var random = SeededGenerator(seed: seed)
        var refused = 0
        var right = 0
        for _ in 0..<25 {
            let path = store + "/log/" + random.pick(names)
            let file = try #require(FileHandle(forUpdatingAtPath: path))
            let size = try file.seekToEnd()
            let offset = UInt64.random(in: 0..<size, using: &random)
            let bit = random.below(8)
            try flip(file, offset, bit: bit)
            // Half of the time the rollups must be made again from the damaged file.
            if random.chance(50), FileManager.default.fileExists(atPath: store + "/rollups") {
                try FileManager.default.removeItem(atPath: store + "/rollups")
            }
            let what = "seed \(seed), \(path) at byte \(offset)"
            if let engine = try? Engine(directory: store, options: smallOptions()) {
                let answers = ask(40, engine, model, &source, damage: path, what)
                right += answers.right
                refused += answers.refused
                try? engine.close()
            }
            try flip(file, offset, bit: bit)
            try file.close()
        }
        #expect(right > 0 && refused > 0, "seed \(seed): \(right) right, \(refused) refused")
        try FileManager.default.removeItem(atPath: store + "/rollups")
        let engine = try Engine(directory: store, options: smallOptions())
        #expect(try engine.verify().isSound)
        try engine.close()
    }

    /// After a repair a store counts what is left, and lists it; what is lost it says.
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func aRepairedStoreAnswers(seed: UInt64) throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        var source = RandomHistory(seed: seed)
        var model = try filled(store, &source)
        var random = SeededGenerator(seed: seed &* 31)
        let names = try FileManager.default.contentsOfDirectory(atPath: store + "/log").sorted()
        let path = store + "/log/" + random.pick(names)
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try flip(file, UInt64.random(in: 0..<file.seekToEnd(), using: &random), bit: 3)
        try file.close()
        let report = try Engine.repair(directory: store, options: smallOptions())
        let what = "seed \(seed), \(path): \(report.losses)"
        model.lose(report.losses)
        try askAll(store, model, &source, what)
        #expect(try Engine.repair(directory: store, options: smallOptions()).changedNothing)
    }

    /// Served although files cannot be opened: each answer is the model's, or refused.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func whatIsIntactIsServed(seed: UInt64) throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        var source = RandomHistory(seed: seed)
        var model = try filled(store, &source)
        var random = SeededGenerator(seed: seed &* 17)
        // Else the one archive that is damaged is all there is.
        if random.chance(70) { try appendMore(store, &model, &source) }
        let names = try FileManager.default.contentsOfDirectory(atPath: store + "/log").sorted()
        let path = store + "/log/" + random.pick(names)
        if random.chance(30) {
            try FileManager.default.removeItem(atPath: path)
        } else {
            let file = try #require(FileHandle(forUpdatingAtPath: path))
            let size = try file.seekToEnd()
            let offset = random.chance(50) ? UInt64(random.below(60)) : size - 10
            try flip(file, offset, bit: 2)
            try file.close()
        }
        let before = try files(store)
        var options = smallOptions()
        options.servesDamaged()
        let what = "seed \(seed), \(path)"
        let engine = try Engine(directory: store, options: options)
        let (right, refused) = ask(900, engine, model, &source, damage: store + "/log", what)
        #expect(right > 40, "\(what): \(right) right, \(refused) refused")
        #expect(engine.damage.isEmpty || refused > 0, "\(what): \(engine.damage)")
        #expect(throws: EngineError.self, "\(what)") {
            try append(source.messages(1), to: engine)
        }
        #expect(throws: EngineError.self, "\(what)") { try engine.rebuild() }
        #expect(engine.failure == nil, "\(what)")
        try engine.close()
        #expect(try files(store) == before, "\(what)")
    }

    /// Asks, and counts the model's answers, and the refusals, which name the damaged file.
    private func ask(
        _ questions: Int, _ engine: Engine, _ model: ReferenceModel, _ source: inout RandomHistory,
        damage path: String, _ what: String
    ) -> (right: Int, refused: Int) {
        var refused = 0
        for _ in 0..<questions {
            let question = source.question()
            let answer = Executor.answer(question, from: engine)
            if case .error(let sentence) = answer {
                #expect(sentence.contains("damage in \(path)"), "\(what): \(sentence)")
                refused += 1
            } else {
                #expect(
                    answer.spelledOut == model.answer(question).spelledOut, "\(what): \(question)")
            }
        }
        return (questions - refused, refused)
    }

    /// Another segment, in a journal.
    private func appendMore(
        _ store: String, _ model: inout ReferenceModel, _ source: inout RandomHistory
    ) throws {
        let engine = try Engine(
            directory: store, options: smallOptions(journalBytes: 1 << 20, segmentRecords: 400))
        let messages = source.messages(100)
        _ = try append(messages, to: engine)
        for message in messages { _ = model.append(message) }
        try engine.close()
    }

    /// The log's files and what is in them.
    private func files(_ store: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: store + "/log") {
            files[name] = FileManager.default.contents(atPath: store + "/log/" + name)
        }
        return files
    }

    private func askAll(
        _ store: String, _ model: ReferenceModel, _ source: inout RandomHistory, _ what: String
    ) throws {
        let engine = try Engine(directory: store, options: smallOptions())
        #expect(try engine.verify().isSound, "\(what)")
        for _ in 0..<300 {
            let question = source.question()
            let answer = Executor.answer(question, from: engine)
            let expected = model.answer(question)
            if case .error(let beginning) = expected, case .error(let text) = answer {
                #expect(text.hasPrefix(beginning), "\(what): \(question)")
            } else {
                #expect(answer.spelledOut == expected.spelledOut, "\(what): \(question)")
            }
        }
        try engine.close()
    }

    private func flip(_ file: FileHandle, _ offset: UInt64, bit: Int) throws {
        try file.seek(toOffset: offset)
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: offset)
        try file.write(contentsOf: [byte ^ (1 << UInt8(bit))])
    }
}
