// What could go wrong: a tail leaves a message out or gives it twice while others append; it waits
// although there is something, or for ever after the store has closed or its task was cancelled; a
// watch stays behind.
import Tallylog
import TestSupport
import Testing

@Suite struct TailTests {
    private static let all = 600

    private static func envelope(_ number: Int) -> [UInt8] {
        Array(
            #"{"topic":"org.example.prod.git.push","timestamp":\#(1_767_225_600 + number),"#.utf8
        ) + Array(#""msg_id":"2026-\#(number)","msg":{"agent":"user\#(number % 3)"}}"#.utf8)
    }

    /// Appends all messages in batches of random size.
    private static func fill(_ store: Store, seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        var number = 0
        while number < all {
            let size = min(Int.random(in: 1...20, using: &generator), all - number)
            var batch = MessageBatch()
            #expect(batch.add((number..<number + size).map(envelope)).isEmpty)
            _ = try await store.append(batch)
            number += size
            if Bool.random(using: &generator) { await Task.yield() }
        }
    }

    private static func taken(_ tail: Tail, until last: UInt64) async throws -> [UInt64] {
        var sequences: [UInt64] = []
        for try await message in tail {
            sequences.append(message.sequence)
            #expect(message.envelope.utf8.elementsEqual(envelope(Int(message.sequence) - 1)))
            if message.sequence >= last { break }
        }
        return sequences
    }

    @Test(.timeLimit(.minutes(30))) func everyTailGetsEveryMessageOnce() async throws {
        let seed = UInt64.random(in: .min ... .max)
        let directory = TemporaryDirectory()
        let store = try Store.open(directory.path + "/store")
        let user1 = Filter(any: [.init(.user, [.name(Array("user1".utf8))])])
        let fromNow = store.tail()
        let ofUser1 = UInt64(Self.all - 1)
        async let first = Self.taken(store.tail(from: 1), until: UInt64(Self.all))
        async let second = Self.taken(store.tail(from: 100, user1), until: ofUser1)
        async let third = Self.taken(fromNow, until: UInt64(Self.all))
        try await Self.fill(store, seed: seed)
        let everything = Array(1...UInt64(Self.all))
        #expect(try await first == everything, "seed \(seed)")
        #expect(
            try await second == everything.filter { $0 >= 100 && $0 % 3 == 2 }, "seed \(seed)")
        #expect(try await third == everything, "seed \(seed)")
        #expect(try await Self.taken(store.tail(from: 590), until: 600).count == 11)
        try store.close()
    }

    @Test(.timeLimit(.minutes(30))) func aTailEndsWithItsTaskAndWithItsStore() async throws {
        let directory = TemporaryDirectory()
        let store = try Store.open(directory.path + "/store")
        var batch = MessageBatch()
        _ = batch.add([Self.envelope(0), Self.envelope(1)])
        _ = try await store.append(batch)
        let cancelled = Task { try await Self.taken(store.tail(from: 2), until: 99) }
        let closed = Task { try await Self.taken(store.tail(from: 1), until: 99) }
        try await Task.sleep(for: .milliseconds(50))
        cancelled.cancel()
        #expect(try await cancelled.value == [2])
        try store.close()
        #expect(try await closed.value == [1, 2])
        #expect(try await Self.taken(store.tail(from: 2), until: 99) == [2])
        #expect(try await Self.taken(store.tail(), until: 99).isEmpty)
    }
}
