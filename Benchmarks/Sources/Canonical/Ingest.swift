import Tallylog

/// Messages on their way into a store, in batches, each durable.
enum Ingest {
    static let batchMessages = 10_000

    /// The data set's messages, already parsed.
    static func parsed(_ data: String) throws -> [MessageBatch] {
        try TextFile(data + "/msgs.jsonl").chunks(of: batchMessages).map(batch)
    }

    static func batch(_ lines: [UnsafeRawBufferPointer]) throws -> MessageBatch {
        var batch = try MessageBatch(profile: "generic")
        let refused = batch.add(lines.map { Array($0) })
        precondition(refused.isEmpty, "the data set has no bad message")
        return batch
    }

    /// Appends batches in order, so many of them waiting at a time, and waits for the last.
    /// - Parameter batch: makes a batch of a part when its turn comes.
    static func append<Part>(
        _ parts: some Sequence<Part>, to store: Store, inFlight: Int,
        as batch: (Part) throws -> MessageBatch
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (place, part) in parts.enumerated() {
                let made = try batch(part)
                if place >= inFlight { try await group.next() }
                group.addTask { _ = try await store.append(made) }
            }
            try await group.waitForAll()
        }
    }
}
