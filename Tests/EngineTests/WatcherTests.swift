// What could go wrong: a wake-up is lost between looking and waiting, comes twice, or a watch that
// was cancelled stays for ever.
import Engine
import Synchronization
import TestSupport
import Testing

@Suite struct WatcherTests {
    @Test func everyWatchWakesOnceWhileMessagesCome() async throws {
        let directory = TemporaryDirectory()
        let engine = try Engine(
            directory: directory.path + "/store",
            options: smallOptions(journalBytes: 64 << 10, segmentRecords: 50, seed: 5))
        var source = RandomHistory(seed: 5)
        let messages = source.messages(300)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    // Waits for one message behind the other, as a tail does.
                    var seen: UInt64 = 0
                    while seen < 200 {
                        let wakes = Atomic(0)
                        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
                            _ = engine.watchers.add(after: seen) {
                                wakes.add(1, ordering: .relaxed)
                                done.resume()
                            }
                        }
                        let end = try engine.read { $0.end }
                        #expect(end > seen)
                        #expect(wakes.load(ordering: .relaxed) == 1)
                        seen = end
                    }
                    return Int(seen)
                }
            }
            for start in stride(from: 0, to: 300, by: 3) {
                _ = try append(Array(messages[start..<start + 3]), to: engine)
            }
            for try await seen in group { #expect(seen >= 200) }
        }
        let end = try engine.read { $0.end }
        let late = engine.watchers.add(after: end) { Issue.record("a cancelled watch called") }
        #expect(engine.watchers.count == 1)
        engine.watchers.remove(late)
        #expect(engine.watchers.count == 0)
        _ = try append(source.messages(5), to: engine)
        try engine.close()
    }
}
