import DiskSimulation
import Engine
import MessageLog
import Model
import Query
import Rules
import TestSupport

/// A string of bytes as what a user does to a store: appends, repeats, checkpoints, seals, merges,
/// restarts, power cuts on a simulated disk. What it answers is held against a list.
enum OperationsTarget {
    /// More steps find little, and take long.
    private static let stepsMax = 24

    static func run(_ bytes: [UInt8]) {
        var source = ByteSource(bytes)
        var store = OperatedStore()
        var steps = 0
        while !source.isEmpty, steps < stepsMax {
            store.step(&source)
            steps += 1
        }
        store.end()
    }
}

/// A store and the list of what it must have.
struct OperatedStore {
    private let directory = TemporaryDirectory()
    private var disk: SimulatedDisk
    /// Absent while it is closed: an engine holds its directory as long as it lives.
    private var opened: Engine?
    private var model = ListModel()
    private var number = 0
    private var hasRule = false

    private var path: String { directory.path + "/store" }
    private var engine: Engine {
        guard let opened else { preconditionFailure("the store is open") }
        return opened
    }

    init() {
        let place = directory.path
        let disk = SimulatedDisk()
        LogImage.doing {
            var parent = ""
            for part in place.split(separator: "/") {
                try disk.makeDirectory(parent + "/" + part)
                try disk.synchronizeDirectory(parent.isEmpty ? "/" : parent)
                parent += "/" + part
            }
        }
        self.disk = disk
        open()
    }

    private mutating func open() {
        precondition(opened == nil, "one at a time")
        opened = LogImage.doing {
            try Engine(directory: path, options: StoreImage.options(disk: disk))
        }
    }

    mutating func step(_ source: inout ByteSource) {
        switch source.byte() % 12 {
        case 0, 1, 2: append(fresh(&source))
        case 3: append(repeats(&source))
        case 4: LogImage.doing { _ = try engine.checkpoint() }
        case 5: LogImage.doing { try engine.compact() }
        case 6: restart()
        case 7, 8: cutPower(&source)
        case 9: LogImage.doing { _ = try engine.rebuild() }
        case 10: changeRule()
        default: check()
        }
    }

    mutating func end() {
        check()
        LogImage.doing {
            let report = try engine.verify()
            precondition(report.isSound, "a verification finds nothing: \(report)")
        }
        restart()
        check()
        LogImage.doing { try engine.close() }
    }

    // MARK: Steps

    private mutating func fresh(_ source: inout ByteSource) -> [MadeUpMessage] {
        (0...Int(source.byte() & 7)).map { _ in
            number += 1
            return MadeUpMessage(number, choice: UInt64(source.byte()))
        }
    }

    /// Messages that the store has, at their own times or at others.
    private mutating func repeats(_ source: inout ByteSource) -> [MadeUpMessage] {
        guard !model.kept.isEmpty else { return fresh(&source) }
        return (0...Int(source.byte() & 3)).map { _ in
            var message = model.kept[source.below(model.kept.count)]
            message.time += [0, 1, 2, 3_600][Int(source.byte() & 3)]
            return message
        }
    }

    private mutating func append(_ messages: [MadeUpMessage]) {
        let expected = model.append(messages)
        guard let outcomes = StoreImage.append(messages, to: engine) else {
            preconditionFailure("a healthy store takes messages")
        }
        let isNew = outcomes.map { if case .appended = $0 { true } else { false } }
        precondition(isNew == expected, "new and repeated ones are told apart")
    }

    private mutating func restart() {
        LogImage.doing { try engine.close() }
        opened = nil
        open()
    }

    /// Power fails some calls later, perhaps in the middle of an append.
    private mutating func cutPower(_ source: inout ByteSource) {
        disk.crashAfter(call: disk.callCount + Int(source.byte() & 15))
        let sent = fresh(&source)
        let isKept = StoreImage.append(sent, to: engine) != nil
        if isKept { _ = model.append(sent) }
        // A dead disk cannot be closed cleanly; that is the point.
        try? engine.close()
        opened = nil
        let seed = UInt64(source.byte())
        let choices: [CrashChoice] = [
            .nothingUnsynced, .everything, .random(seed: seed), .torn(seed: seed),
        ]
        disk = disk.crashImage(choices[Int(source.byte() & 3)])
        open()
        // What was not acknowledged may be there: the first so many, in order.
        let found = listed().count - model.kept.count
        precondition(
            found >= 0 && found <= (isKept ? 0 : sent.count), "nothing is lost or made up")
        _ = model.append(Array(sent.prefix(isKept ? 0 : found)))
        check()
    }

    private mutating func changeRule() {
        LogImage.doing {
            if hasRule {
                try engine.dropRule("pushes")
            } else {
                _ = try engine.create(
                    RuleReader.rule(Array(StoreImage.rule.utf8), file: "pushes"))
            }
        }
        hasRule.toggle()
    }

    // MARK: Answers

    private func ask(_ line: String) -> Reply {
        let words = Words(line.split(separator: " ").map { Array($0.utf8) })
        let request = LogImage.doing { try RequestParser.parse(words, now: StoreImage.now) }
        guard case .question(let question, _) = request else {
            preconditionFailure("a question is one: \(line)")
        }
        return Executor.answer(question, from: engine).spelledOut
    }

    /// The envelopes in the order of the log.
    private func listed() -> [[UInt8]] {
        guard case .array(let parts) = ask("READ FROM 1 LIMIT 10000"),
            case .array(let rows) = parts[1]
        else { preconditionFailure("a log can be read") }
        return rows.map { row in
            guard case .array(let fields) = row, case .bulk(let envelope) = fields[1] else {
                preconditionFailure("a message has an envelope")
            }
            return envelope
        }
    }

    private func check() {
        precondition(
            listed() == model.kept.map { Array($0.envelope.utf8) }, "the log is what was appended")
        expect("COUNT", .integer(Int64(model.kept.count)))
        expect("TOP ALL user", model.ranking(\.user))
        expect("TOP ALL package", model.ranking(\.package))
        expect("TOP ALL topic", model.ranking { $0.topic })
        expect("SERIES 1h", model.series(3_600))
        expect("SERIES 1m USER ada", model.series(60) { $0.user == "ada" })
        expect(
            "COUNT USER bob TOPIC one",
            .integer(Int64(model.kept.count { $0.user == "bob" && $0.topic == "one" })))
        if hasRule {
            precondition(engine.waitForRule("pushes", milliseconds: 60_000), "a rule goes on")
            expect("TOP ALL who RULE pushes", model.ranking(\.user))
        }
    }

    private func expect(_ line: String, _ wanted: Reply) {
        let got = ask(line)
        precondition(got == wanted, "\(line)\n  got    \(got)\n  wanted \(wanted)")
    }
}

/// What a store must know: a list.
struct ListModel {
    private(set) var kept: [MadeUpMessage] = []

    /// - Returns: which of the messages are new.
    mutating func append(_ messages: [MadeUpMessage]) -> [Bool] {
        messages.map { message in
            let isThere = kept.contains {
                $0.number == message.number && abs($0.time - message.time) < 2
            }
            if !isThere { kept.append(message) }
            return !isThere
        }
    }

    func ranking(_ name: (MadeUpMessage) -> String?) -> Reply {
        var counts: [String: Int64] = [:]
        for message in kept { if let name = name(message) { counts[name, default: 0] += 1 } }
        let ranked = counts.map { (Array($0.key.utf8), $0.value) }.sorted {
            $0.1 != $1.1 ? $0.1 > $1.1 : $0.0.lexicographicallyPrecedes($1.0)
        }
        return .array(ranked.map { .array([.bulk($0.0), .integer($0.1)]) })
    }

    func series(
        _ seconds: Int64, where matches: (MadeUpMessage) -> Bool = { _ in true }
    ) -> Reply {
        var counts: [Int64: Int64] = [:]
        for message in kept where matches(message) {
            counts[message.time / seconds * seconds, default: 0] += 1
        }
        return .array(
            counts.sorted { $0.key < $1.key }.map {
                .array([.integer($0.key), .integer($0.value)])
            }
        )
    }
}
