// What could go wrong: a scan whose client has left goes on to the end of the log; an engine whose
// checkpoints fail never closes.
import Engine
import Model
import Query
import TestSupport
import Testing

@Suite struct StopTests {
    @Test func scansAreGivenUpOnceTheirFlagIsSet() throws {
        let directory = TemporaryDirectory()
        let engine = try filledEngine(in: directory, messages: 200, seed: 6)
        let stop = StopFlag()
        let questions: [Question] = [
            .messages(MessagesQuestion(contains: [Array("nowhere".utf8)])),
            .read(ReadQuestion(from: 1)), .latest(.user, Selection()),
            .count(Selection(filter: Filter(none: [Filter.Clause(.user, [.name([65])])]))),
        ]
        for question in questions {
            if case .error(let sentence) = Executor.answer(question, from: engine, stop: stop) {
                Issue.record("\(question): \(sentence)")
            }
        }
        stop.set()
        for question in questions {
            let reply = Executor.answer(question, from: engine, stop: stop)
            #expect(reply == .error("ERR the request was given up: its client has left"))
        }
        try engine.close()
    }

    @Test func closingEndsThoughAWantedCheckpointFailsForEver() throws {
        let directory = TemporaryDirectory()
        var options = smallOptions()
        // Too little for what these messages count.
        options.indexMapBytes = 48 << 10
        do {
            let engine = try Engine(directory: directory.path + "/store", options: options)
            var source = RandomHistory(seed: 8)
            _ = try append(source.messages(2_000), to: engine)
            #expect(throws: EngineError.self) { _ = try engine.checkpoint() }
            let ended = Monitor<Bool?>(nil)
            let closing = WorkerThread(name: "closing") {
                do { try engine.close() } catch { Issue.record("\(error)") }
                ended.change { $0 = true }
            }
            try #require(ended.wait(milliseconds: 20_000) { $0 } == true, "closing has no end")
            closing.join()
        }
        options.indexMapBytes = 64 << 20
        try autoclosing(Engine(directory: directory.path + "/store", options: options)) { engine in
            let report = try engine.verify()
            #expect(report.isSound)
        }
    }
}
