// What could go wrong: a repetition is kept because it came in the same batch, after a roll or
// after a restart; a message is dropped though it only shares an id with one of another time; a
// control record is taken for a message. So: random histories against a list that is searched
// from its start.
import DiskSimulation
import Model
import TestSupport
import Testing

@testable import MessageLog

@Suite struct DuplicateTests {
    struct Sent {
        var id: UInt64
        var time: Int64
        var flags: UInt8
        var kind: UInt8
    }

    /// The naive model.
    struct Model {
        var kept: [Sent] = []

        mutating func outcome(_ sent: Sent) -> AppendOutcome {
            if sent.kind == Record.Kind.message {
                for (place, other) in kept.enumerated()
                where other.kind == Record.Kind.message && other.id == sent.id {
                    let timeless = (other.flags | sent.flags) & Record.Flags.arrivalTime != 0
                    let window =
                        timeless
                        ? Limits.duplicateWindowTimelessMicroseconds
                        : Limits.duplicateWindowMicroseconds
                    if abs(other.time - sent.time) < window {
                        return .duplicate(of: UInt64(place + 1))
                    }
                }
            }
            kept.append(sent)
            return .appended(sequence: UInt64(kept.count))
        }
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func outcomesAreThoseOfAList(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let disk = try newDisk()
        var log = try openLog(disk)
        var model = Model()
        for _ in 0..<60 {
            let sent = (0..<Int.random(in: 1...15, using: &generator)).map { _ in
                Self.random(&generator)
            }
            let expected = sent.map { model.outcome($0) }
            var outcomes: [AppendOutcome] = []
            let records = sent.map {
                message($0.id, time: $0.time, flags: $0.flags, kind: $0.kind, payload: [1])
            }
            // Written together, whichever batches they come in.
            let cut = Int.random(in: 0...records.count, using: &generator)
            let batches = [records[..<cut], records[cut...]].map { recordBatch(Array($0)) }
            try log.append(batches, outcomes: &outcomes)
            #expect(outcomes == expected, "seed \(seed)")
            switch Int.random(in: 0..<12, using: &generator) {
            case 0:
                try log.close()
                log = try openLog(disk)
            case 1: log = try openLog(disk)
            default: break
            }
        }
        #expect(log.snapshot.segments.count > 3)
        #expect(log.snapshot.end == UInt64(model.kept.count))
    }

    /// Few ids, and times that often lie just within or just without a window of each other.
    static func random(_ generator: inout SeededGenerator) -> Sent {
        let bases: [Int64] = [
            0, 1, 1_999_999, 2_000_000, 2_000_001, 86_399_999_999, 86_400_000_000, 90_000_000_000,
            400_000_000_000,
        ]
        let start: Int64 = 1_500_000_000_000_000
        let base = bases[Int.random(in: 0..<bases.count, using: &generator)]
        let later = Int64.random(in: 0...3, using: &generator) * 1_000_000_000_000
        return Sent(
            id: UInt64.random(in: 1...25, using: &generator), time: start + base + later,
            flags: Int.random(in: 0..<8, using: &generator) == 0 ? Record.Flags.arrivalTime : 0,
            kind: Int.random(in: 0..<20, using: &generator) == 0
                ? Record.Kind.feed : Record.Kind.message)
    }
}
