package import Engine
import Envelope
import MessageLog
package import Model
import Query
package import Rules
import Synchronization

/// The store of tests that cut the power: small limits, and messages that follow from their
/// numbers, 1, 2, 3 ..., so that what must be there is a range of numbers.
package enum CutStore {
    /// A few dozen messages fill a segment, a few messages a run of a rule.
    package static func options(seed: UInt64) -> Engine.Options {
        let random = Mutex(SeededGenerator(seed: seed))
        var options = Engine.Options()
        options.log = LogOptions(
            journalBytes: 8 << 10, segmentRecords: 40, blockRows: 8, sealsWhileAppending: false,
            randomWord: { random.withLock { $0.next() } })
        options.indexMapBytes = 64 << 20
        options.rules.rowsMin = 1
        options.rules.foldRows = 30
        return options
    }

    package static let ruleName = "peruser"

    /// A rule over all messages.
    package static func rule() throws -> Rule {
        let text =
            "\(ruleName): {keys: {who: agent}, aggregates: {sum: {sum: n}}, "
            + "granularities: [1h, 1d]}"
        return try RuleReader.rule(Array(text.utf8), file: ruleName)
    }

    private static let start: Int64 = 1_767_225_600

    /// - Parameter padding: bytes of text that it carries besides.
    package static func envelope(_ number: Int, padding: Int = 0) -> String {
        let time = start + Int64(number) * 777
        return #"{"n":\#(number),"topic":"org.example.prod.a.t\#(number % 5)","#
            + #""msg_id":"m-\#(number)","timestamp":\#(time),"#
            + #""msg":{"agent":"user\#(number % 4)","n":\#(number % 9),"#
            + #""pad":"\#(String(repeating: "abcdefgh", count: padding / 8))"}}"#
    }

    /// The number of a message; nil where the envelope is none of these.
    package static func number(of envelope: [UInt8]) -> Int? {
        let digits = envelope.dropFirst(5).prefix { (48...57).contains($0) }
        return Int(String(decoding: digits, as: UTF8.self))
    }

    package static func records(_ numbers: some Sequence<Int>, padding: Int = 0) -> RecordBatch {
        let parser = EnvelopeParser(profile: .generic)
        var batch = RecordBatch()
        for number in numbers {
            let outcome = Array(envelope(number, padding: padding).utf8).withUnsafeBytes {
                parser.append(
                    $0, frameTopic: nil, arrival: Timestamp(seconds: start + 100_000_000),
                    to: &batch)
            }
            precondition(outcome == .record, "\(outcome)")
        }
        return batch
    }
}

extension CutStore {
    /// The numbers of all messages that a store has, in the order of its log.
    /// - Throws: what the store answers instead.
    package static func numbers(in engine: Engine) throws -> [Int] {
        var numbers: [Int] = []
        var next: UInt64 = 1
        while true {
            let question = ReadQuestion(from: next, limit: 500)
            let reply = Executor.answer(.read(question), from: engine).spelledOut
            guard case .array(let parts) = reply, parts.count == 2,
                case .integer(let following) = parts[0], case .array(let rows) = parts[1]
            else { throw UnexpectedReply(text: "\(reply)") }
            for case .array(let fields) in rows {
                guard fields.count == 2, case .bulk(let envelope) = fields[1],
                    let number = number(of: envelope),
                    String(decoding: envelope, as: UTF8.self).hasSuffix("\"}}")
                else { throw UnexpectedReply(text: "\(fields)") }
                numbers.append(number)
            }
            if rows.isEmpty { return numbers }
            next = UInt64(following)
        }
    }

    package struct UnexpectedReply: Error {
        package var text: String

        package init(text: String) { self.text = text }
    }
}

/// How far a program on a `CutStore` has come, as one number in a trace.
package enum CutProgress: Hashable, Sendable {
    /// Messages up to this one may be in the log from now on.
    case sending(Int)
    /// Messages up to this one are acknowledged.
    case acknowledged(Int)

    package var word: UInt64 {
        switch self {
        case .sending(let number): UInt64(number) << 1
        case .acknowledged(let number): UInt64(number) << 1 | 1
        }
    }

    package init(word: UInt64) {
        self = word & 1 == 1 ? .acknowledged(Int(word >> 1)) : .sending(Int(word >> 1))
    }
}
