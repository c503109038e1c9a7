// What could go wrong: the wrapper hands LMDB a wrong key or value, a kept cursor points at a
// page that has moved, an abort leaves something behind, a range includes its end, a reopened
// environment shows other content. Against all of it: random histories beside a Dictionary.

import LMDB
import TestSupport
import Testing

private typealias Model = [[UInt8]: [UInt8]]

private func randomKey(_ random: inout SeededGenerator) -> [UInt8] {
    // Few distinct bytes and lengths, so that keys collide and are prefixes of each other.
    let length = Int.random(in: 1...(Bool.random(using: &random) ? 3 : 12), using: &random)
    return (0..<length).map { _ in [0, 1, 7, 0x7F, 0x80, 0xFF].randomElement(using: &random)! }
}

private func randomValue(_ random: inout SeededGenerator) -> [UInt8] {
    // Mostly small; some past a leaf's 2 KB, so that overflow pages come and go.
    let length =
        Int.random(in: 0...9, using: &random) == 0
        ? Int.random(in: 0...9_000, using: &random) : Int.random(in: 0...300, using: &random)
    return [UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: length)
}

private func expectSame<Transaction: Readable & ~Copyable>(
    _ transaction: borrowing Transaction, _ model: Model, _ random: inout SeededGenerator,
    _ context: Comment
) throws {
    var found: [[UInt8]] = []
    try transaction.forEach { key, value in
        #expect(model[Array(key)] == Array(value), context)
        found.append(Array(key))
        return true
    }
    #expect(found == model.keys.sorted { $0.lexicographicallyPrecedes($1) }, context)

    for _ in 0..<6 {
        let key = randomKey(&random)
        #expect(try transaction.get(key).map { Array($0) } == model[key], context)
        let (from, end) = (randomKey(&random), randomKey(&random))
        let limit = Int.random(in: 1...50, using: &random)
        var range: [[UInt8]] = []
        try transaction.forEach(from: from, upTo: end) { key, _ in
            range.append(Array(key))
            return range.count < limit
        }
        let expected = model.keys
            .filter { !$0.lexicographicallyPrecedes(from) && $0.lexicographicallyPrecedes(end) }
            .sorted { $0.lexicographicallyPrecedes($1) }.prefix(limit)
        #expect(range == Array(expected), context)
    }
}

private func change(
    _ transaction: inout WriteTransaction, _ model: inout Model, _ random: inout SeededGenerator
) throws {
    let key = randomKey(&random)
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<55:
        let value = randomValue(&random)
        try transaction.put(key, value)
        model[key] = value
    case 55..<80:
        // Reads before it writes, as a checkpoint does: both go through the kept cursor.
        let old = try transaction.get(key).map { Array($0) }
        #expect(old == model[key])
        let value = (old ?? []).suffix(100) + [UInt8(truncatingIfNeeded: model.count)]
        try transaction.put(key, Array(value))
        model[key] = Array(value)
    default:
        #expect(try transaction.delete(key) == (model.removeValue(forKey: key) != nil))
    }
}

@Suite struct TransactionModelTests {
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func randomHistoriesEqualADictionary(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let directory = TemporaryDirectory()
        var committed: Model = [:]
        for round in 0..<6 {
            let context: Comment = "seed \(seed), round \(round)"
            let environment = try Environment.open(path: directory.path, mapBytes: 64 << 20)
            for _ in 0..<8 {
                var model = committed
                var transaction = try environment.beginWrite()
                for _ in 0..<Int.random(in: 1...150, using: &random) {
                    try change(&transaction, &model, &random)
                }
                try expectSame(transaction, model, &random, context)
                if Int.random(in: 0..<3, using: &random) > 0 {
                    try transaction.commit()
                    committed = model
                } else {
                    _ = consume transaction
                }
                try expectSame(environment.beginRead(), committed, &random, context)
            }
            #expect(try environment.statistics().entries == committed.count, context)
        }
    }

    @Test func cursorWalksBothWaysAndSeeks() throws {
        let directory = TemporaryDirectory()
        let environment = try Environment.open(path: directory.path, mapBytes: 16 << 20)
        var writer = try environment.beginWrite()
        for number in 0..<2_000 {
            try writer.append([UInt8(number >> 8), UInt8(number & 255)], [UInt8(number & 255)])
        }
        try writer.commit()
        let reader = try environment.beginRead()
        try reader.withCursor { cursor in
            var walked = 0
            var found = try cursor.last()
            while found {
                walked += 1
                #expect(cursor.key[1] == cursor.value[0])
                found = try cursor.previous()
            }
            #expect(walked == 2_000)
            #expect(try cursor.seek(atLeast: [3, 200, 0]))
            #expect(Array(cursor.key) == [3, 201])
            #expect(try !cursor.seek(atLeast: [255]))
            #expect(try cursor.first())
            #expect(Array(cursor.key) == [0, 0])
        }
    }

    @Test func appendedKeysFillLeavesAndMustAscend() throws {
        let directory = TemporaryDirectory()
        let environment = try Environment.open(path: directory.path, mapBytes: 16 << 20)
        let value = [UInt8](repeating: 5, count: 84)
        var writer = try environment.beginWrite()
        for number in 0..<4_000 {
            try writer.append([UInt8(number >> 8), UInt8(number & 255)], value)
        }
        #expect(throws: LMDBError.self) { try writer.append([1], value) }
        _ = consume writer

        var again = try environment.beginWrite()
        for number in 0..<4_000 {
            try again.append([UInt8(number >> 8), UInt8(number & 255)], value)
        }
        try again.commit()
        let statistics = try environment.statistics()
        // 4,000 entries of 96 bytes with node header and offset: 42 fit a page of 4,096.
        #expect(statistics.leafPages <= 4_000 / 41)
        #expect(statistics.overflowPages == 0)
        #expect(statistics.fileBytes >= statistics.usedBytes)
    }
}
