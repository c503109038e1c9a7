// What could go wrong: what a feed has missed, or how far a fetch has come, is forgotten by a kill,
// by archives, merges or retention; notes come back in another order; a damaged or unknown note
// stops the log from being opened, or is taken for something else.
import Disk
import DiskSimulation
import Model
import TestSupport
import Testing

@testable import MessageLog

@Suite struct FeedHistoryTests {
    private func randomTime(_ random: inout SeededGenerator) -> Timestamp {
        Timestamp(microseconds: Int64.random(in: -5...2_000_000_000_000_000, using: &random))
    }

    private func randomNote(
        _ history: FeedHistory, _ random: inout SeededGenerator
    ) -> FeedNote {
        let feed = ["bus", "", "f\u{e9}d"].randomElement(using: &random) ?? ""
        let source = ["https://a", "/run/b.sock"].randomElement(using: &random) ?? ""
        let number = history.gaps.randomElement(using: &random)?.number ?? 1
        let time = randomTime(&random)
        switch Int.random(in: 0..<7, using: &random) {
        case 0: return .heard(feed: feed, time: time)
        case 1: return .gapEnded(number: number, to: Bool.random(using: &random) ? time : nil)
        case 2: return .fetched(number: number, source: source, before: time)
        case 3: return .filled(number: number, source: source)
        case 4: return .read(feed: feed, source: source, next: number, floor: time)
        default:
            let reason = Gap.Reason.allCases.randomElement(using: &random) ?? .stopped
            return .gapBegan(
                number: history.nextNumber, feed: feed, reason, from: time,
                to: Bool.random(using: &random) ? time : nil, detail: "tcp://a,b=c")
        }
    }

    private func record(_ note: FeedNote) -> RecordBatch {
        var batch = RecordBatch()
        batch.append(control: Record.Kind.feed, at: Timestamp(seconds: 1), payload: note.payload)
        return batch
    }

    /// Notes among messages, over many segments; crashes, seals and merges in between.
    @Test(arguments: 0..<12) func theLogKeepsIt(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var disk = try newDisk(seed: seed)
        var expected = FeedHistory()
        var log = try openLog(disk, smallOptions(journalBytes: 16_384, seed: seed))
        var outcomes: [AppendOutcome] = []
        for number in 1...150 as ClosedRange<UInt64> {
            let note = randomNote(expected, &random)
            expected.take(note)
            try log.append(
                [record(note), recordBatch([message(number), message(number + 1_000)])],
                outcomes: &outcomes)
            switch Int.random(in: 0..<20, using: &random) {
            case 0:
                disk = disk.crashImage(.torn(seed: number))
                log = try openLog(disk, smallOptions(journalBytes: 16_384, seed: seed + number))
            case 1: while try log.compactNext(everything: true, isStopped: { false }) > 0 {}
            default: break
            }
            #expect(FeedHistory(log.snapshot) == expected, "note \(number)")
        }
        #expect(expected.gaps.count > 10)
        #expect(expected.gaps.map(\.number) == Array(1...UInt64(expected.gaps.count)))
    }

    @Test func whatIsNoNoteIsPassedOver() throws {
        let payload = FeedNote.gapBegan(
            number: 3, feed: "bus", .stopped, from: Timestamp(seconds: 5), to: nil, detail: "x"
        ).payload
        func note(_ payload: [UInt8], kind: UInt8 = Record.Kind.feed) -> FeedNote? {
            FeedNote(
                ControlRecord(row: 0, kind: kind, time: Timestamp(seconds: 0), payload: payload))
        }
        #expect(note(payload) != nil)
        for length in 0..<payload.count { #expect(note(Array(payload.prefix(length))) == nil) }
        #expect(note(payload + [0]) == nil)
        #expect(note(payload, kind: Record.Kind.gap) == nil)
        for (place, value) in [(0, 99), (0, 0), (1, 99), (1, 0), (2, 255), (4, 255)] {
            var other = payload
            other[place] = UInt8(value)
            #expect(note(other) == nil, "byte \(place) is \(value)")
        }
    }

    /// A name that is too long for the log is cut, not refused: the rest of the note counts.
    @Test func longTextsAreCut() throws {
        let long = String(repeating: "x", count: 70_000)
        let note = FeedNote.filled(number: 7, source: long)
        let record = ControlRecord(
            row: 0, kind: Record.Kind.feed, time: Timestamp(seconds: 0), payload: note.payload)
        #expect(
            FeedNote(record)
                == .filled(number: 7, source: String(long.prefix(Limits.feedTextBytesMax))))
    }
}
