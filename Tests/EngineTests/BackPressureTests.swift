// What could go wrong: appends wait for room that only another append can make, and nothing moves
// any more: journals that are too small to be archived, or a horizon that waits behind the appends
// which wait for the payloads that it drops.
import MessageLog
import Model
import Query
import TestSupport
import Testing

@testable import Engine

@Suite struct BackPressureTests {
    /// What is visible is folded before anybody is told how far it goes.
    @Test func theWatermarkMayBeAheadOfTheEndThatWasTold() {
        let progress = Progress()
        progress.opened(at: 1_000)
        progress.waitForRoom(orUntil: { false })
        progress.published(1_000, unsealed: 0, unarchived: 0)
        progress.waitForRoom(orUntil: { false })
        #expect(progress.counters.end == 1_000)
    }

    /// As many journals as may wait for their archives, and a few more, each of a few messages.
    @Test(arguments: [Retention.none, Retention(bytes: 40_000), Retention(seconds: 86_400)])
    func appendsGoOnBehindManySmallJournals(retention: Retention) throws {
        let directory = TemporaryDirectory()
        var source = RandomHistory(seed: 5)
        var model = ReferenceModel()
        var options = smallOptions()
        options.log.retention = retention
        options.clock = { Timestamp(seconds: RandomHistory.start) }
        for _ in 0..<Limits.unarchivedSegmentsMax + 6 {
            let engine = try Engine(directory: directory.path + "/store", options: options)
            let messages = source.messages(3)
            _ = try append(messages, to: engine)
            for message in messages { _ = model.append(message) }
            try engine.close()
        }
        options.clock = { Timestamp(seconds: RandomHistory.start + 41 * 86_400) }
        let engine = try Engine(directory: directory.path + "/store", options: options)
        let messages = source.messages(20)
        for message in messages { _ = model.append(message) }
        let outcome = Appending(records(messages), to: engine).result(milliseconds: 20_000)
        #expect(try #require(outcome).get().count == messages.count, "no room for 20 s")
        #expect(count(engine) == .integer(Int64(model.kept.count)))
        #expect(engine.progress.counters.unarchived <= Limits.unarchivedSegmentsMax)
        try engine.close()
    }
}
