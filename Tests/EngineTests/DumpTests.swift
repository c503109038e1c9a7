// What could go wrong: what LMDB holds depends on when it was written and not only on the log, so
// that a rebuild changes it; the order of messages shows in counts; a changed byte goes unnoticed.
// TALLYLOG_DUMPS (default 200) is how many histories are tried, from TALLYLOG_SEED on.
import Engine
import LMDB
import Model
import Query
import TestSupport
import Testing

@Suite struct DumpTests {
    private static let seeds =
        Amount.seed...Amount.seed + UInt64(Amount.of("TALLYLOG_DUMPS", 200) - 1)

    @Test(arguments: seeds)
    func aRebuildGivesTheSameBytes(seed: UInt64) throws {
        var source = RandomHistory(seed: seed)
        var random = SeededGenerator(seed: seed)
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        let options = smallOptions(seed: seed)
        let before = try autoclosing(Engine(directory: store, options: options)) { engine in
            for _ in 0..<8 {
                _ = try append(source.messages(1 + random.below(60)), to: engine)
                if random.chance(60) { _ = try engine.checkpoint() }
            }
            _ = try engine.checkpoint()
            return try engine.physicalDump()
        }
        _ = try Engine.rebuild(directory: store, options: options)
        try autoclosing(Engine(directory: store, options: options)) { engine in
            let after = try engine.physicalDump()
            let report = try engine.verify()
            #expect(after == before, "seed \(seed)")
            #expect(report.isSound, "seed \(seed)")
        }
    }

    @Test func nothingIsSoundHoweverItWasWritten() throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        for work in [{ try $0.compact() }, { _ = try $0.rebuild() }] as [(Engine) throws -> Void] {
            try autoclosing(Engine(directory: store, options: smallOptions())) { engine in
                try work(engine)
                #expect(try engine.verify().isSound)
            }
        }
    }

    /// What is handed over entry by entry is what is compared.
    @Test func entriesAreTheDump() throws {
        let directory = TemporaryDirectory()
        let engine = try filledEngine(in: directory, messages: 100, seed: 9)
        _ = try engine.checkpoint()
        var bytes: [UInt8] = []
        try engine.physicalDump { key, value in
            bytes.append(integer: UInt32(key.count))
            bytes.append(integer: UInt32(value.count))
            bytes.append(contentsOf: key)
            bytes.append(contentsOf: value)
        }
        #expect(try bytes.count > 1_000 && bytes == engine.physicalDump())
        try engine.close()
    }

    @Test func namesKeepToTheirLines() throws {
        let directory = TemporaryDirectory()
        let envelope =
            #"{"topic":"org.example.prod.a.b","timestamp":1767225600,"#
            + #""msg":{"agent":"tab\tline\nback\\slash\rreturn"}}"#
        try autoclosing(
            Engine(directory: directory.path + "/store", options: smallOptions())
        ) { engine in
            _ = try Appending(records(parsing: [envelope], profile: .ofTests), to: engine)
                .outcome.get()
            _ = try engine.checkpoint()
            let lines = try lines(engine)
            let name = "\t" + #"tab\tline\nback\\slash\rreturn"# + "\t"
            #expect(lines.contains { $0.contains(name) }, "\(lines)")
            for line in lines {
                #expect(line.split(separator: "\t").count == 5 && !line.contains("\n"), "\(line)")
            }
        }
    }

    @Test(arguments: seeds)
    func orderAndRepetitionDoNotMatter(seed: UInt64) throws {
        var source = RandomHistory(seed: seed)
        var random = SeededGenerator(seed: seed)
        // Of messages that would repeat each other only one, since the first of them counts.
        var known: Set<String> = []
        let messages = source.messages(200).filter { known.insert($0.identity).inserted }
        let expected = try logicalDump(of: [messages])
        #expect(expected.count > 500)
        for _ in 0..<2 {
            var rest = (messages + messages.filter { _ in random.chance(30) })
                .shuffled(using: &random)[...]
            var batches: [[ModelMessage]] = []
            while !rest.isEmpty {
                batches.append(Array(rest.prefix(1 + random.below(80))))
                rest = rest.dropFirst(batches[batches.count - 1].count)
            }
            #expect(try logicalDump(of: batches) == expected, "seed \(seed)")
        }
    }

    private func logicalDump(of batches: [[ModelMessage]]) throws -> [String] {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        return try autoclosing(Engine(directory: store, options: smallOptions())) { engine in
            for batch in batches {
                _ = try append(batch, to: engine)
                _ = try engine.checkpoint()
            }
            return try lines(engine)
        }
    }

    @Test func aChangedByteIsFound() throws {
        var source = RandomHistory(seed: 1)
        var random = SeededGenerator(seed: 1)
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        try autoclosing(Engine(directory: store, options: smallOptions())) { engine in
            _ = try append(source.messages(200), to: engine)
            let report = try engine.verify()
            #expect(report.isSound)
        }
        for _ in 0..<8 {
            let entry = try flip(store, &random) { $0[$0.count / 2] ^= 1 }
            try autoclosing(Engine(directory: store, options: smallOptions())) { engine in
                let report = try engine.verify()
                #expect(!report.isSound, "the row at \(entry.key)")
            }
            try put(store, entry.key, entry.value)
        }
        try autoclosing(Engine(directory: store, options: smallOptions())) { engine in
            let report = try engine.verify()
            #expect(report.isSound)
        }
    }

    /// Changes a random row's value and returns what it was.
    private func flip(
        _ store: String, _ random: inout SeededGenerator, _ change: (inout [UInt8]) -> Void
    ) throws -> (key: [UInt8], value: [UInt8]) {
        var rows: [(key: [UInt8], value: [UInt8])] = []
        let environment = try Environment.open(path: store + "/rollups", mapBytes: 64 << 20)
        let reader = try environment.beginRead()
        try reader.forEach { key, value in
            // What comes before are the first entry and the names.
            if key[0] >= 0x10 { rows.append((Array(key), Array(value))) }
            return true
        }
        let chosen = random.pick(rows)
        var changed = chosen.value
        change(&changed)
        var writer = try environment.beginWrite()
        try writer.put(chosen.key, changed)
        try writer.commit()
        return chosen
    }

    private func put(_ store: String, _ key: [UInt8], _ value: [UInt8]) throws {
        let environment = try Environment.open(path: store + "/rollups", mapBytes: 64 << 20)
        var writer = try environment.beginWrite()
        try writer.put(key, value)
        try writer.commit()
    }
}

/// Calls `body` with an engine, which is closed behind it.
func autoclosing<Result>(
    _ engine: @autoclosure () throws -> Engine, _ body: (Engine) throws -> Result
) throws -> Result {
    let engine = try engine()
    let result = try body(engine)
    try engine.close()
    return result
}

/// The logical dump's lines.
func lines(_ engine: Engine) throws -> [String] {
    var lines: [String] = []
    try engine.logicalDump { lines.append($0) }
    return lines
}
