// What could go wrong: a scan whose client has left goes on to the end of the log.
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
}
