import Glibc
import Tallylog

/// What a store needs besides messages and questions.
enum Upkeep {
    /// Appends in order of time, then the same messages in no order into another store.
    static func shuffled(_ data: String, _ directory: String) async throws {
        let lines = try TextFile(data + "/msgs.jsonl").lines
        var random = Steps()
        var rates: [Double] = []
        for (name, all) in [("in order", lines), ("shuffled", lines.shuffled(using: &random))] {
            let batches = try stride(from: 0, to: all.count, by: Ingest.batchMessages).map {
                try Ingest.batch(Array(all[$0..<min($0 + Ingest.batchMessages, all.count)]))
            }
            let store = try Store.open(directory + "-" + name.prefix(2))
            let watch = Stopwatch()
            try await Ingest.append(batches, to: store, inFlight: 4) { $0 }
            try store.checkpoint()
            watch.report(name, messages: lines.count)
            rates.append(Double(lines.count) / watch.secondsSinceStart)
            try store.close()
        }
        print("shuffled at \(Int(rates[1] / rates[0] * 100)) % of the rate in order")
    }

    /// Small steps that look random and are the same every time.
    private struct Steps: RandomNumberGenerator {
        private var state: UInt64 = 20_260_101

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 31
        }
    }

    /// Appends so many messages and ends as a crash would: nothing is closed.
    static func kill(_ data: String, _ directory: String, _ count: Int) async throws {
        let store = try Store.open(directory)
        let parts = try TextFile(data + "/msgs.jsonl").chunks(of: Ingest.batchMessages)
            .prefix(count / Ingest.batchMessages)
        try await Ingest.append(parts, to: store, inFlight: 4, as: Ingest.batch)
        Glibc.kill(getpid(), SIGKILL)
    }

    static func open(_ directory: String) throws {
        let watch = Stopwatch()
        let store = try Store.open(directory)
        watch.report("open, \(try store.count()) messages", messages: nil)
        try store.close()
    }

    static func rebuild(_ directory: String) throws {
        let store = try Store.open(directory)
        let messages = Int(try store.count())
        let watch = Stopwatch()
        try store.rebuild()
        watch.report("rebuild of the rollups", messages: messages)
        try store.close()
    }
}
