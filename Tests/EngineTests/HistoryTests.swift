// What could go wrong: any answer is off by one message, somewhere: at a bucket's edge, at a
// segment's border, for a name that was first seen after a checkpoint, for a repeat, after a
// restart or a rebuild; or the words of a request mean something else than the question's value.
// So: random histories, cut at random by checkpoints, archives, merges, restarts and rebuilds, and
// random questions, each answer, in process and through the socket, held against that of an array
// of messages.
import Engine
import MessageLog
import Model
import Query
import TestSupport
import Testing

@Suite struct HistoryTests {
    /// From 1 on, or from `TALLYLOG_SEED`.
    static let seeds = Amount.seed...Amount.seed + 99
    /// Over all seeds; `TALLYLOG_QUESTIONS` asks for more.
    static let questions = Amount.of("TALLYLOG_QUESTIONS", 50_000)

    @Test(arguments: seeds)
    func everyAnswerIsTheModels(seed: UInt64) async throws {
        var history = try await History(seed: seed)
        try await history.run(questions: Self.questions / Self.seeds.count + 1)
    }
}

/// One store and its model, going through the same.
struct History {
    private let seed: UInt64
    private let directory = TemporaryDirectory()
    private let options: Engine.Options
    private let clock = TestClock()
    private var stores = 0
    private var source: RandomHistory
    private var random: SeededGenerator
    private var model = ReferenceModel()
    /// Absent while it is closed: an engine holds its directory as long as it lives.
    private var opened: Engine?
    private var socket: EngineSocket?
    private var writer: QuestionWords
    /// What was done to the store, for the report of a failure.
    private var steps: [String] = []

    init(seed: UInt64) async throws {
        self.seed = seed
        source = RandomHistory(seed: seed)
        random = SeededGenerator(seed: seed &* 7_919)
        writer = QuestionWords(random: SeededGenerator(seed: seed &* 104_729))
        var options = smallOptions(
            journalBytes: random.pick([16, 32, 64]) << 10,
            segmentRecords: random.pick([20, 50, 70]), seed: seed)
        if random.chance(50) { options.log.retention.seconds = Self.keptSeconds }
        if random.chance(50) { options.log.retention.minuteSeconds = Self.keptSeconds }
        options.clock = { [clock] in clock.now }
        self.options = options
        try await open()
    }

    private static let keptSeconds: Int64 = 30 * 86_400

    private var store: String { directory.path + "/store\(stores)" }

    private var engine: Engine {
        guard let opened else { preconditionFailure("the store is open") }
        return opened
    }

    private mutating func open() async throws {
        let engine = try Engine(directory: store, options: options)
        opened = engine
        socket = try await EngineSocket(
            engine, path: directory.path + "/socket", isNewer: random.chance(50))
    }

    private mutating func close() async throws {
        try await socket?.close()
        socket = nil
        try engine.close()
        opened = nil
    }

    mutating func run(questions: Int) async throws {
        let size = 150 + random.below(150)
        var asked = 0
        while model.kept.count < size {
            try append(1 + random.below(random.chance(50) ? 8 : 60))
            try await disturb()
            let part = questions * model.kept.count / size
            while asked < part {
                guard try ask(source.question()) else { break }
                asked += 1
            }
        }
        walkPages()
        #expect(try engine.verify().isSound, "seed \(seed), after \(steps)")
        try await close()
    }

    private mutating func append(_ count: Int) throws {
        let messages = source.messages(count)
        for round in 0..<(random.chance(20) ? 2 : 1) {
            let outcomes = try EngineTests.append(messages, to: engine)
            let expected: [AppendOutcome] = messages.map {
                let (sequence, isNew) = model.append($0)
                return isNew ? .appended(sequence: sequence) : .duplicate(of: sequence)
            }
            steps.append("append \(count)")
            #expect(outcomes == expected, "seed \(seed), round \(round), after \(steps)")
        }
    }

    /// Does to the store what must not change any answer.
    private mutating func disturb() async throws {
        switch random.below(100) {
        case 0..<30:
            steps.append("checkpoint")
            let watermark = try engine.checkpoint()
            #expect(watermark == model.end, "seed \(seed), after \(steps)")
        case 70..<80:
            steps.append("compact")
            try engine.compact()
        case 80..<87:
            steps.append("rebuild beside serving")
            let watermark = try engine.rebuild()
            #expect(watermark == model.end, "seed \(seed), after \(steps)")
        case 30..<45:
            steps.append("reopen")
            try await close()
            try await open()
            #expect(engine.recovery.clean, "seed \(seed), after \(steps)")
        case 45..<52:
            steps.append("rebuild")
            try await close()
            let watermark = try Engine.rebuild(directory: store, options: options)
            #expect(watermark == model.end, "seed \(seed), after \(steps)")
            try await open()
        case 52..<57:
            steps.append("restore")
            let copy = directory.path + "/copy"
            #expect(try engine.backup(to: copy) == model.end, "seed \(seed), after \(steps)")
            try await close()
            stores += 1
            _ = try Engine.restore(from: copy, to: store)
            try await open()
        case 57..<67 where options.log.retention != .none:
            steps.append("retain")
            try retain()
        default: break
        }
    }

    /// Sets the clock to a moment at which some payloads are too old.
    private mutating func retain() throws {
        let oldest = RandomHistory.start + Int64(38 + random.below(5)) * 86_400
        clock.now = Timestamp(seconds: oldest + Self.keptSeconds)
        try engine.compact()
        clock.now = Timestamp(seconds: 0)
        model.end = engine.progress.counters.end
        let before = model.dropped
        model.dropped = try engine.read { snapshot in
            Set(
                snapshot.segments.filter(\.segment.isDropped).flatMap {
                    Array($0.segment.firstSequence...$0.segment.lastSequence)
                })
        }
        #expect(model.dropped.isSuperset(of: before), "seed \(seed), after \(steps)")
        for message in model.kept
        where model.dropped.contains(message.sequence) && !before.contains(message.sequence) {
            #expect(message.time < oldest * 1_000_000, "seed \(seed), after \(steps)")
        }
    }

    /// - Returns: whether the answers are the same; after a difference no more need be asked.
    private mutating func ask(_ question: Question) throws -> Bool {
        if random.chance(10) {
            guard case .array(let lines) = Executor.explain(question, from: engine) else {
                Issue.record("seed \(seed): EXPLAIN of \(question) is an error")
                return false
            }
            #expect(lines.count > 1, "seed \(seed): \(question)")
        }
        let expected = model.answer(question)
        let answer = Executor.answer(question, from: engine)
        let isRight = isExpected(answer, expected)
        #expect(
            isRight,
            """
            seed \(seed), after \(steps), \(model.kept.count) messages: \(question): \(answer), \
            not \(expected)
            """)
        return try isRight && askThroughSocket(question, expected)
    }

    /// Of an error the model knows the beginning.
    private func isExpected(_ answer: Reply, _ expected: Reply) -> Bool {
        if case .error(let beginning) = expected, case .error(let text) = answer {
            return text.hasPrefix(beginning)
        }
        return answer.spelledOut == expected.spelledOut
    }

    /// Asks the same by words: they mean the question, and are answered as it is.
    private mutating func askThroughSocket(
        _ question: Question, _ expected: Reply
    ) throws -> Bool {
        let ids = model.kept.map(\.identity) + ["none", "unknown"]
        let words = writer.words(question) { wanted in
            ids.first { MessageID($0) == wanted } ?? "nowhere"
        }
        guard let words, let socket else { return true }
        let place = Comment(rawValue: "seed \(seed), after \(steps): \(words)")
        let parsed = try RequestParser.parse(
            Words(words.map { Array($0.utf8) }), now: Timestamp(microseconds: 0))
        var expected = expected
        // A listing is named by its words, and the name is in its cursors.
        if case .messages(var listed) = question, case .question(.messages(let meant), _) = parsed {
            listed.listing = meant.listing
            expected = model.answer(.messages(listed))
        }
        let isRight = try socket.ask(words).map { isExpected($0, expected) } ?? false
        #expect(isRight, place)
        return isRight
    }

    /// A listing's pages, one after the other, are the whole listing.
    private mutating func walkPages() {
        for order in [MessagesQuestion.Order.ascending, .descending] {
            let limit = 1 + random.below(40)
            var question = MessagesQuestion(order: order, limit: Limits.replyRowsMax)
            guard case .array(let whole) = model.answer(.messages(question)) else { continue }
            question.limit = limit
            var rows: [Reply] = []
            while true {
                let answer = Executor.answer(.messages(question), from: engine).spelledOut
                guard case .array(let page) = answer, page.count == 2,
                    case .array(let found) = page[1], !found.isEmpty
                else { break }
                rows += found
                guard case .bulk(let text) = page[0] else { break }
                question.after = Cursor(text: text)
            }
            #expect(.array(rows) == whole[1], "seed \(seed), pages of \(limit), \(order)")
        }
    }
}
