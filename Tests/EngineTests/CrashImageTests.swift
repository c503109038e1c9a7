// What could go wrong: power fails between any two calls to the file system, and some part of what
// was not yet synchronized survives. Then an acknowledged message is missing or doubled, something
// is there that nobody sent, or the rollups disagree with the log.
import Disk
import DiskSimulation
import Engine
import Model
import Query
import TestSupport
import Testing

@Suite struct CrashImageTests {
    private static let batches = 12
    private static let batchMessages = 9

    @Test func everyBoundaryKeepsWhatWasAcknowledged() throws {
        let calls = try run(crashAfter: nil).disk.callCount
        #expect(calls > 40, "the workload rolls its journal and seals segments")
        for call in 1...calls {
            let crashed = try run(crashAfter: call)
            let choices: [CrashChoice] = [
                .nothingUnsynced, .everything, .random(seed: UInt64(call)),
                .torn(seed: UInt64(call)),
            ]
            // Each boundary gets two of the four, in turn: one with the rollups that were there,
            // one whose rollups are computed from the log alone.
            try check(crashed, choices[call % 4], "call \(call)")
            try removeRollups(crashed.directory.path + "/store/rollups")
            try check(crashed, choices[(call + 2) % 4], "call \(call), no rollups")
        }
    }

    /// A store whose disk has died.
    private struct Crashed {
        let directory: TemporaryDirectory
        let disk: SimulatedDisk
        /// By id: the sequence that was acknowledged.
        var acknowledged: [String: UInt64] = [:]
        var sent: Set<String> = []
    }

    /// Appends batches one after the other until the disk dies.
    private func run(crashAfter call: Int?) throws -> Crashed {
        let directory = TemporaryDirectory()
        let disk = try simulatedDisk(for: directory.path)
        var crashed = Crashed(directory: directory, disk: disk)
        let before = disk.callCount
        if let call { disk.crashAfter(call: before + call) }
        let options = smallOptions(disk: disk, journalBytes: 8 << 10, segmentRecords: 25)
        guard let engine = try? Engine(directory: directory.path + "/store", options: options)
        else { return crashed }
        for number in 0..<Self.batches {
            let messages = (0..<Self.batchMessages).map { place in
                Self.message(number * Self.batchMessages + place)
            }
            crashed.sent.formUnion(messages.map(\.identity))
            guard case .success(let outcomes) = Appending(records(messages), to: engine).outcome
            else { break }
            for (message, outcome) in zip(messages, outcomes) {
                crashed.acknowledged[message.identity] = outcome.sequence
            }
        }
        // A dead disk cannot be closed cleanly; that is the point.
        do { try engine.close() } catch { #expect(disk.crashed, "\(error)") }
        return crashed
    }

    private func check(_ crashed: Crashed, _ choice: CrashChoice, _ note: String) throws {
        let place = "\(note), \(choice)"
        let acknowledged = crashed.acknowledged
        let engine = try Engine(
            directory: crashed.directory.path + "/store",
            options: smallOptions(
                disk: crashed.disk.crashImage(choice), journalBytes: 8 << 10, segmentRecords: 25))
        for (identity, sequence) in acknowledged {
            let found = Executor.answer(.get(MessageID(identity)), from: engine)
            guard case .bulk(let envelope) = found else {
                Issue.record("\(place): acknowledged \(identity) at \(sequence) is lost")
                continue
            }
            #expect(String(decoding: envelope, as: UTF8.self).contains(identity), "\(place)")
        }
        let listing = MessagesQuestion(limit: 1_000)
        guard case .array(let parts) = Executor.answer(.messages(listing), from: engine).spelledOut,
            case .array(let rows) = parts[1]
        else { preconditionFailure("a listing is a cursor and rows") }
        var found: [String: UInt64] = [:]
        for case .array(let fields) in rows {
            guard case .integer(let sequence) = fields[0], case .bulk(let bytes) = fields[2]
            else { preconditionFailure("a row is a sequence, a time and an envelope") }
            let text = String(decoding: bytes, as: UTF8.self)
            let identity = String(text.split(separator: "\"")[7])
            #expect(crashed.sent.contains(identity), "\(place): nobody sent \(text)")
            found[identity] = UInt64(sequence)
        }
        #expect(found.count == rows.count, "\(place): a message is there twice")
        for (identity, sequence) in acknowledged {
            #expect(found[identity] == sequence, "\(place): \(identity) has moved")
        }
        let number = Int64(rows.count)
        #expect(count(engine) == .integer(number), "\(place)")
        let report = try engine.verify()
        #expect(report.isSound, "\(place): \(report)")
        try engine.close()
    }

    private func removeRollups(_ path: String) throws {
        let disk = PosixDisk()
        for name in try disk.list(path) { try disk.remove(path + "/" + name) }
    }

    private static func message(_ number: Int) -> ModelMessage {
        let digits = String(1_000_000_000_000 + number).dropFirst()
        let identity = "2026-00000000-0000-4000-8000-" + digits
        let time = RandomHistory.start + Int64(number) * 1_777
        return ModelMessage(
            time: time * 1_000_000, timeless: false, topic: "org.example.prod.a.b", users: [],
            packages: [], identity: identity, hasID: true,
            envelope: #"{"topic":"org.example.prod.a\#(number % 3).b","msg_id":"\#(identity)","#
                + #""timestamp":\#(time),"msg":{"agent":"user\#(number % 5)"}}"#)
    }
}
