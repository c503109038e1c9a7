// What could go wrong: rot in what LMDB keeps of a rule is taken for a place in memory, so that a
// question ends the server; or it is taken for another bucket or group, and counted.
import LMDB
import TestSupport
import Testing

@testable import Rules

@Suite struct DamagedRowTests {
    private static let identity = [UInt8](repeating: 7, count: 16)
    private static let day: Int64 = 86_400

    private func program() throws -> RuleProgram {
        let text = "rules: {a: {keys: {who: agent}, granularities: [1h, 1d]}}"
        let rules = try RuleReader.rules(Array(text.utf8), file: "a")
        return try RuleProgram(try #require(rules.first))
    }

    /// Folds a few hours of three groups.
    private func fill(_ directory: String) throws {
        let store = try RuleStore.open(
            directory: directory, program(), identity: Self.identity)
        var builder = RuleRunBuilder()
        for number in 1...3 {
            var key: [UInt8] = []
            GroupKey.append(Array("user\(number)".utf8), to: &key)
            #expect(store.groups.admit(key) == number)
            for hour in 0..<5 {
                builder.add(
                    RuleRun.Cell(
                        start: 20_000 * Self.day + Int64(hour) * 3_600, group: UInt32(number),
                        state: GroupState(count: 1, parts: [])))
            }
        }
        try store.fold(builder.run(1...15, RuleLosses(), groupCount: 3), horizons: [.min, .min])
    }

    private func put(_ directory: String, _ key: [UInt8], _ value: [UInt8]) throws {
        let environment = try Environment.open(path: directory, mapBytes: 1 << 20)
        var writer = try environment.beginWrite()
        try writer.put(key, value)
        try writer.commit()
    }

    /// Moves an entry to another key.
    private func move(_ directory: String, _ key: [UInt8], to other: [UInt8]) throws {
        let environment = try Environment.open(path: directory, mapBytes: 1 << 20)
        var writer = try environment.beginWrite()
        let value = try #require(try writer.get(key).map { Array($0) })
        _ = try writer.delete(key)
        try writer.put(other, value)
        try writer.commit()
    }

    /// The sums of both widths.
    private func read(_ directory: String) throws -> [UInt64] {
        let store = try RuleStore.open(directory: directory, program(), identity: Self.identity)
        let reading = try store.beginRead()
        var sums: [UInt64] = [0, 0]
        for width in 0...1 {
            try reading.forEach(width: width, starts: .min..<(.max)) { start, group, state in
                #expect(group <= 3 && start % (width == 0 ? 3_600 : Self.day) == 0)
                sums[width] += state.count
            }
        }
        return sums
    }

    @Test func aDamagedKeyIsAnError() throws {
        let directory = TemporaryDirectory(inMemory: true)
        try fill(directory.path)
        #expect(try read(directory.path) == [15, 15])
        let key = RuleRowKey(width: 0, start: 20_000 * Self.day + 3_600).bytes
        var broken = [Array(key.dropLast()), key + [0]]
        for place in 1..<key.count {
            for bit in 0..<8 {
                broken.append(key)
                broken[broken.count - 1][place] ^= 1 << UInt8(bit)
            }
        }
        var told = 0
        for other in broken {
            try move(directory.path, key, to: other)
            do {
                // Another hour's key is a key: only `verify` and a rebuild know better.
                #expect(try read(directory.path) == [15, 15], "\(other)")
            } catch let error as RuleStoreError {
                guard case .damaged = error else { throw error }
                told += 1
            }
            try move(directory.path, other, to: key)
        }
        // Of the start's bits most make no whole hour, of the block's all make no group.
        #expect(told > 2 + 32 + 20, "\(told) of \(broken.count)")
        #expect(try read(directory.path) == [15, 15])
    }

    @Test func damagedGroupsAreComputedAgain() throws {
        let directory = TemporaryDirectory(inMemory: true)
        try fill(directory.path)
        // Two values where the rule has one key: whoever asks for a second one's finds none.
        try put(directory.path, RuleMeta.Key.group(2), [1, 0, 65, 1, 0, 66])
        let error = #expect(throws: RuleStoreError.self) { try read(directory.path) }
        guard case .needsRebuild? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
