// What could go wrong: an append is acknowledged before questions see it; a listing's later pages
// have messages that came after it began, or lack some that were there.
import Engine
import MessageLog
import Model
import Query
import Synchronization
import TestSupport
import Testing

@Suite struct VisibilityTests {
    /// Asked from within the acknowledgement itself: nothing can come in between.
    @Test func whatIsAcknowledgedIsSeen() throws {
        let directory = TemporaryDirectory()
        let engine = try filledEngine(in: directory, messages: 30, seed: 7)
        var source = RandomHistory(seed: 8)
        var last: UInt64 = 0
        for _ in 0..<40 {
            let outcome = Monitor<(acknowledged: UInt64, seen: UInt64)?>(nil)
            engine.append(records(source.messages(3))) { result in
                let outcomes = (try? result.get()) ?? []
                var last: UInt64 = 0
                for case AppendOutcome.appended(let sequence) in outcomes {
                    last = max(last, sequence)
                }
                let seen = try? engine.read { $0.end }
                outcome.change { $0 = (last, seen ?? 0) }
            }
            let found = try #require(outcome.wait(milliseconds: 30_000) { $0 })
            #expect(found.seen >= found.acknowledged, "\(found)")
            last = max(last, found.acknowledged)
        }
        #expect(last > 100)
        try engine.close()
    }

    /// The newest first, a page at a time, while messages come that would stand on later pages.
    @Test(arguments: [MessagesQuestion.Order.descending, .ascending])
    func aListingShowsWhatWasThereWhenItBegan(order: MessagesQuestion.Order) throws {
        let directory = TemporaryDirectory()
        let engine = try filledEngine(in: directory, messages: 120, seed: 9)
        var source = RandomHistory(seed: 10)
        let whole = try page(engine, MessagesQuestion(order: order, limit: 1_000)).sequences
        var listed: [Int64] = []
        var question = MessagesQuestion(order: order, limit: 10)
        while true {
            let (sequences, cursor) = try page(engine, question)
            listed += sequences
            guard let cursor else { break }
            question.after = cursor
            _ = try append(source.messages(25), to: engine)
        }
        #expect(listed == whole)
        #expect(try page(engine, MessagesQuestion(limit: 1_000)).sequences.count > whole.count)
        try engine.close()
    }

    private func page(
        _ engine: Engine, _ question: MessagesQuestion
    ) throws -> (sequences: [Int64], cursor: Cursor?) {
        let reply = Executor.answer(.messages(question), from: engine).spelledOut
        guard case .array(let parts) = reply, case .array(let rows) = parts[1] else {
            throw Unexpected(description: "\(reply)")
        }
        let sequences = rows.compactMap { row -> Int64? in
            guard case .array(let cells) = row, case .integer(let sequence) = cells[0] else {
                return nil
            }
            return sequence
        }
        guard case .bulk(let text) = parts[0] else { return (sequences, nil) }
        return (sequences, Cursor(text: text))
    }

    private struct Unexpected: Error, CustomStringConvertible { let description: String }
}
