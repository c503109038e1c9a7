// Messages of which each one's content follows from its sequence, so that every count of a prefix
// of the log is a formula.
import Engine
import Envelope
import Foundation
import Model
import Query
import TestSupport
import Testing

enum NumberedMessages {
    static let users = 7
    /// One message a minute and a second.
    private static let step: Int64 = 61

    /// The records with these sequences, in an empty log.
    static func records(_ sequences: ClosedRange<Int>) -> RecordBatch {
        let parser = EnvelopeParser(profile: .generic)
        var batch = RecordBatch()
        for number in sequences {
            let time = RandomHistory.start + Int64(number) * step
            let envelope = Array(
                (#"{"topic":"org.example.prod.git.topic\#(number % 37)","msg_id":"id \#(number)","#
                    + #""timestamp":\#(time),"#
                    + #""msg":{"agent":"user\#(number % users)"}}"#).utf8)
            let outcome = envelope.withUnsafeBytes {
                parser.append(
                    $0, frameTopic: nil,
                    arrival: max(
                        Timestamp(microseconds: RandomHistory.arrival), Timestamp(seconds: time)),
                    to: &batch)
            }
            precondition(outcome == .record, "\(outcome)")
        }
        return batch
    }

    static func append(_ sequences: ClosedRange<Int>, to engine: Engine) throws {
        _ = try Appending(records(sequences), to: engine).outcome.get()
    }

    /// Asks for three counts, each of one sequence, and holds them against the formulas.
    /// - Returns: the last sequence that was seen.
    static func check(_ engine: Engine, _ place: Comment) -> Int {
        let all = ask(engine, Selection(), place)
        #expect(all.count == all.sequence, place)
        let user = all.sequence % users
        let clause = Filter.Clause(.user, [.name(Array("user\(user)".utf8))])
        let some = ask(engine, Selection(filter: Filter(any: [clause])), place)
        // Of the numbers from 1 on, those that leave the rest `user`.
        let expected = (some.sequence - user) / users + (user == 0 ? 0 : 1)
        #expect(some.count == expected, "\(place), user\(user) at \(some.sequence)")
        let range = TimeRange(
            lower: Timestamp(microseconds: RandomHistory.start * 1_000_000),
            upper: Timestamp(microseconds: (RandomHistory.start + 7_200) * 1_000_000))
        let early = ask(engine, Selection(range: range), place)
        #expect(early.count == min(early.sequence, Int(7_199 / step)), place)
        #expect(all.sequence <= some.sequence && some.sequence <= early.sequence, place)
        return early.sequence
    }

    private static func ask(
        _ engine: Engine, _ selection: Selection, _ place: Comment
    ) -> (sequence: Int, count: Int) {
        let answer = Executor.answer(.count(selection), withSequence: true, from: engine)
        guard case .array(let parts) = answer, parts.count == 2,
            case .integer(let sequence) = parts[0], case .integer(let count) = parts[1]
        else {
            Issue.record("\(place): \(answer)")
            return (0, 0)
        }
        return (Int(sequence), Int(count))
    }
}

/// The names in a store's directory that are its rollups'.
func rollupDirectories(of store: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: store).filter { $0.hasPrefix("rollups") }
        .sorted()
}

/// How many files of rollups that are no longer in the directory this process keeps open.
func forgottenFiles(of store: String) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count { name in
        let target = try? FileManager.default.destinationOfSymbolicLink(
            atPath: "/proc/self/fd/\(name)")
        return target.map { $0.hasPrefix(store + "/rollups") && $0.hasSuffix("(deleted)") } ?? false
    }
}
