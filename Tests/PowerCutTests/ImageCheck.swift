import Engine
import Glibc
import Model
import Query
import TestSupport

/// Opens what a power cut or a failed call has left with the real engine, and says what is wrong.
struct ImageCheck {
    /// Messages up to the lower bound were acknowledged; none behind the upper bound was sent.
    var known: ClosedRange<Int>
    /// Whether the rule is computed again, too: a third of the whole work.
    var withRule: Bool
    var seed: UInt64

    struct Findings {
        /// How many messages were there; 0 where that cannot be said.
        var messages = 0
        /// Sentences; none where all promises are kept.
        var problems: [String] = []
    }

    /// - Parameter store: the store's directory; used up.
    func findings(in store: String) -> Findings {
        var findings = Findings()
        do {
            try firstLife(store, &findings)
            if withRule { findings.problems += try ruleProblems(store) }
        } catch {
            findings.problems.append("\(error)")
        }
        return findings
    }

    /// What is wrong with a number of messages.
    static func problems(ofCount count: Int, _ known: ClosedRange<Int>) -> [String] {
        known.contains(count) ? [] : ["\(count) messages, not \(known)"]
    }

    private var options: Engine.Options { CutStore.options(seed: seed) }

    private func firstLife(_ store: String, _ findings: inout Findings) throws {
        let engine = try Engine(directory: store, options: options)
        let numbers = try CutStore.numbers(in: engine)
        findings.messages = numbers.count
        // One client that waits for each answer: what is there is what was sent first.
        if numbers != Array(1..<numbers.count + 1) {
            findings.problems.append("there are \(numbers)")
        }
        findings.problems += Self.problems(ofCount: numbers.count, known)
        if Executor.answer(.count(Selection()), from: engine) != .integer(Int64(numbers.count)) {
            findings.problems.append("the count is not that of \(numbers.count) messages")
        }
        let report = try engine.verify()
        if !report.isSound { findings.problems.append("verify: \(report)") }
        let next = numbers.count + 1
        _ = try Appending(CutStore.records(next...next + 2), to: engine).outcome.get()
        let after = try CutStore.numbers(in: engine)
        if after != Array(1...next + 2) {
            findings.problems.append("after an append there are \(after)")
        }
        try engine.close()
    }

    /// What is stored of the rule, against the same computed from the log alone.
    private func ruleProblems(_ store: String) throws -> [String] {
        guard let stored = try ruleDump(store) else { return [] }
        for number in subdirectories(of: store + "/rules") {
            unlink(store + "/rules/\(number)/data.mdb")
            unlink(store + "/rules/\(number)/lock.mdb")
        }
        return try ruleDump(store) == stored ? [] : ["the rule's rows are not those of the log"]
    }

    private func ruleDump(_ store: String) throws -> [UInt8]? {
        let engine = try Engine(directory: store, options: options)
        var dump: [UInt8]?
        if !engine.ruleReports().isEmpty {
            guard engine.waitForRule(CutStore.ruleName, milliseconds: 20_000) else {
                throw CutStore.UnexpectedReply(text: "the rule is not computed")
            }
            dump = try engine.foldedDump(rule: CutStore.ruleName, milliseconds: 20_000)
        }
        let report = try engine.verify()
        if !report.isSound { throw CutStore.UnexpectedReply(text: "verify: \(report)") }
        try engine.close()
        return dump
    }

    private func subdirectories(of path: String) -> [Int] {
        (1...3).filter { access(path + "/\($0)", F_OK) == 0 }
    }
}
