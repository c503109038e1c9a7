import Disk
import Engine
import Glibc
import Model
import Query
import TestSupport

/// A store whose LMDB file is damaged again and again, and what it answers then.
struct DamagedIndex {
    enum Outcome {
        /// Nothing is wrong: what was changed is not in use, or was computed again.
        case right
        /// `verify` says that the rollups are not right; of every fourth, they are computed again.
        case told
        /// Opening or verifying was refused in words; the same.
        case refused
        /// A wrong answer, and `verify` passes; or a rebuild that does not make things right.
        case wrong(String)
    }

    private static let batches = 3
    private static let batchMessages = 50
    private let directory: String
    private let store: String
    private let seed: UInt64
    private let pristine: [UInt8]
    private let answers: [Reply]
    private let dump: [UInt8]

    private static let questions = [
        "COUNT", "COUNT USER user1", "COUNT TOPIC org.example.prod.a.t2 FROM 1767230000",
        "SERIES 1h TOPIC org.example.prod.a.t3", "SERIES 1d BY topic", "SERIES 1h USER user2",
        "TOP 5 user", "TOP 3 topic USER user3", "TOP ALL user FROM 1767240000 TO 1767300000",
        "DISTINCT topic", "NAMES user", "SEEN user user1", "SEEN topic org.example.prod.a.t4",
    ]

    /// Makes the store, or takes the one that is there.
    init(_ directory: String, seed: UInt64) throws {
        self.directory = directory
        self.seed = seed
        store = directory + "/store"
        if try !PosixDisk().list(directory).contains("pristine") {
            let engine = try Engine(directory: store, options: CutStore.options(seed: seed))
            for batch in 0..<Self.batches {
                // Months of them, so that rows fill many pages.
                let numbers = (1...Self.batchMessages).map { 1 + 29 * ($0 + batch * 100) }
                _ = try Appending(CutStore.records(numbers), to: engine).outcome.get()
                _ = try engine.checkpoint()
            }
            // In key order, so that no page is free, where damage would do nothing.
            try engine.compact()
            try engine.close()
            try Self.write(Self.read(store + "/rollups/data.mdb"), directory + "/pristine")
        }
        pristine = try Self.read(directory + "/pristine")
        try Self.write(pristine, store + "/rollups/data.mdb")
        let engine = try Engine(directory: store, options: CutStore.options(seed: seed))
        answers = Self.ask(engine)
        dump = try engine.physicalDump()
        guard try engine.verify().isSound else {
            throw CutStore.UnexpectedReply(text: "the store is not sound before any damage")
        }
        try engine.close()
    }

    func outcome(ofCase number: Int) throws -> Outcome {
        var random = SeededGenerator(seed: seed &* 6_364_136_223 &+ UInt64(number))
        try Self.write(damaged(&random), store + "/rollups/data.mdb")
        do {
            let engine = try Engine(directory: store, options: CutStore.options(seed: seed))
            defer { try? engine.close() }
            let given = Self.ask(engine)
            let isSound = try engine.verify().isSound
            if given != answers && isSound { return .wrong(differences(given)) }
            if isSound {
                return try engine.physicalDump() == dump ? .right : .wrong("another dump")
            }
            if number % 4 > 0 { return .told }
            _ = try engine.rebuild()
            let isRightAgain = try engine.physicalDump() == dump && Self.ask(engine) == answers
            return try isRightAgain && engine.verify().isSound
                ? .told : .wrong("after computing again")
        } catch {
            if number % 4 > 0 { return .refused }
            // What the words say to do.
            _ = try Engine.rebuild(directory: store, options: CutStore.options(seed: seed))
            let engine = try Engine(directory: store, options: CutStore.options(seed: seed))
            defer { try? engine.close() }
            let isRightAgain = try engine.physicalDump() == dump && Self.ask(engine) == answers
            try engine.close()
            return isRightAgain ? .refused : .wrong("after a rebuild; at first: \(error)")
        }
    }

    private func differences(_ given: [Reply]) -> String {
        given.indices.filter { given[$0] != answers[$0] }
            .map { "\(Self.questions[$0]): \(given[$0]), not \(answers[$0])" }
            .joined(separator: "; ")
    }

    /// Flipped bits, foreign bytes, lost and misplaced pages, a cut end.
    private func damaged(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes = pristine
        let pageBytes = 4_096
        let page = random.below(bytes.count / pageBytes) * pageBytes
        switch random.below(10) {
        case 0: bytes.removeLast(1 + random.below(bytes.count))
        case 1:
            let zeros = repeatElement(UInt8(0), count: pageBytes)
            bytes.replaceSubrange(page..<page + pageBytes, with: zeros)
        case 2:
            let other = random.below(bytes.count / pageBytes) * pageBytes
            let foreign = pristine[other..<other + pageBytes]
            bytes.replaceSubrange(page..<page + pageBytes, with: foreign)
        case 3:
            for _ in 0..<1 + random.below(8) {
                bytes[page + random.below(pageBytes)] = UInt8(random.below(256))
            }
        case 4:
            // Where a page says what it is, and where its entries are.
            bytes[page + random.below(64)] ^= 1 << UInt8(random.below(8))
        default:
            for _ in 0..<1 + random.below(3) {
                bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
            }
        }
        return bytes
    }

    private static func ask(_ engine: Engine) -> [Reply] {
        questions.map { line in
            let words = line.split(separator: " ").map { Array($0.utf8) }
            let now = Timestamp(seconds: 1_767_312_000)
            do {
                guard
                    case .question(let question, let withSequence) =
                        try RequestParser.parse(Words(words), now: now)
                else { preconditionFailure("\(line) is no question") }
                let reply = Executor.answer(question, withSequence: withSequence, from: engine)
                return reply.spelledOut
            } catch {
                preconditionFailure("\(line): \(error)")
            }
        }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        let file = try PosixDisk().open(path, .read)
        var bytes = [UInt8](repeating: 0, count: try file.size())
        _ = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
        return bytes
    }

    private static func write(_ bytes: [UInt8], _ path: String) throws {
        let file = try PosixDisk().open(path, .create)
        try file.truncate(to: 0)
        try bytes.withUnsafeBytes { try file.write($0, at: 0) }
        file.close()
    }
}
