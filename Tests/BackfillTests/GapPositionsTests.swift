// What could go wrong: a gap is called filled before all of it was asked for; a source is asked for
// seconds that it may not have yet, or for nothing over and over; a kill begins all anew; what one
// gap asked for is asked for again by another; a gap that grows is never fetched, or asked for
// second by second.
import Backfill
import MessageLog
import Model
import TestSupport
import Testing

@Suite struct GapPositionsTests {
    private let source = "https://history.example.org"
    private let margins = GapPositions.Margins(overlapSeconds: 7, lagSeconds: 11)

    /// A feed's gaps, the seconds that the source was asked for, and a clock.
    private struct Bench {
        var history = FeedHistory()
        var asked: [Int64: Int] = [:]
        var now: Int64 = 1_000_000
        var requests = 0
        /// What a process knows; nil: a new one begins.
        var positions: GapPositions?

        var time: Timestamp { Timestamp(seconds: now) }
    }

    /// Asks until nothing is due, in windows of random width; returns without noting where killed.
    private func fetch(
        _ bench: inout Bench, killedAfter limit: Int, _ random: inout SeededGenerator
    ) {
        var positions = bench.positions ?? GapPositions(source: source, margins: margins)
        bench.positions = nil
        var steps = 0
        while let due = positions.due(bench.history.gaps, now: bench.time) {
            #expect(due.lowerBound < due.upperBound && due.lowerBound >= 1)
            #expect(due.upperBound <= bench.now - margins.lagSeconds, "younger than the lag")
            let width = Int64.random(in: 1...120, using: &random)
            let window = due.lowerBound...min(due.upperBound, due.lowerBound + width)
            for second in window.dropLast() { bench.asked[second, default: 0] += 1 }
            bench.requests += 1
            positions.advance(over: window)
            steps += 1
            if steps == limit { return }
            if steps % 3 == 0 {
                for note in positions.notes(bench.history.gaps, now: bench.time) {
                    bench.history.take(note)
                }
            }
        }
        for note in positions.notes(bench.history.gaps, now: bench.time) {
            bench.history.take(note)
        }
        bench.positions = positions
    }

    @Test(arguments: 0..<40) func fillsAllOfEveryGap(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var bench = Bench()
        for number in 1...UInt64(Int.random(in: 1...12, using: &random)) {
            let from = bench.now - Int64.random(in: 0...2_000, using: &random)
            let to = from + Int64.random(in: 0...300, using: &random)
            bench.history.take(
                .gapBegan(
                    number: number, feed: "a", .disconnected, from: Timestamp(seconds: from),
                    to: Bool.random(using: &random) ? Timestamp(seconds: to) : nil, detail: ""))
        }
        for _ in 0..<30 {
            fetch(&bench, killedAfter: .random(in: 1...20, using: &random), &random)
            bench.now += Int64.random(in: 0...200, using: &random)
            for gap in bench.history.gaps
            where gap.to == nil && Int.random(in: 0..<9, using: &random) == 0 {
                bench.history.take(.gapEnded(number: gap.number, to: bench.time))
            }
        }
        for gap in bench.history.gaps where gap.to == nil {
            bench.history.take(.gapEnded(number: gap.number, to: bench.time))
        }
        bench.now += 1_000
        fetch(&bench, killedAfter: .max, &random)
        for gap in bench.history.gaps {
            #expect(gap.isFilled(by: [source]), "gap \(gap.number)")
            let wanted = (gap.from.seconds - 7)...((gap.to?.seconds ?? 0) + 7)
            let left = wanted.filter { bench.asked[$0] == nil }
            #expect(left.isEmpty, "gap \(gap.number) was never asked for \(left)")
        }
        let before = bench.requests
        fetch(&bench, killedAfter: .max, &random)
        #expect(bench.requests == before, "what is filled is asked for again")
    }

    /// Without kills each second is asked for once, however many gaps it lies in.
    @Test func overlappingGapsAreFetchedTogether() {
        var random = SeededGenerator(seed: 1)
        var bench = Bench()
        for number in 1...20 as ClosedRange<UInt64> {
            let from = bench.now - 3_000 + Int64(number) * 10
            bench.history.take(
                .gapBegan(
                    number: number, feed: "a", .stopped, from: Timestamp(seconds: from),
                    to: Timestamp(seconds: from + 100), detail: ""))
        }
        fetch(&bench, killedAfter: .max, &random)
        #expect(bench.history.gaps.allSatisfy { $0.isFilled(by: [source]) })
        #expect(bench.asked.values.allSatisfy { $0 == 1 })
    }

    @Test func whatGrowsIsAskedForNowAndThen() {
        var random = SeededGenerator(seed: 2)
        var bench = Bench()
        bench.history.take(
            .gapBegan(
                number: 1, feed: "a", .stopped, from: bench.time, to: nil, detail: ""))
        var notes = 0
        for _ in 0..<1_800 {
            bench.now += 1
            let before = bench.history.gaps[0].fetched[source]
            fetch(&bench, killedAfter: .max, &random)
            if bench.history.gaps[0].fetched[source] != before { notes += 1 }
        }
        #expect(bench.asked.values.allSatisfy { $0 == 1 })
        let fetched = bench.history.gaps[0].fetched[source]
        let newest = bench.now - margins.lagSeconds
        #expect(
            (fetched?.seconds ?? 0)
                > newest - Limits.backfillGrowthNoteSeconds - Limits.backfillGrowthSeconds)
        #expect(
            (bench.asked.keys.max() ?? 0) > newest - Limits.backfillGrowthSeconds,
            "it stays close behind")
        #expect(notes <= 3, "notes of a gap that grows for ever are few")
    }

    /// A clock that was hours ahead for a while, and is set right, before a restart or without one.
    @Test(arguments: [false, true]) func aClockThatWasAheadHidesNothing(isRestarted: Bool) {
        var random = SeededGenerator(seed: 3)
        var bench = Bench()
        bench.history.take(
            .gapBegan(
                number: 1, feed: "a", .stopped, from: bench.time, to: nil, detail: ""))
        let right = bench.now
        bench.now += 2 * 3_600
        fetch(&bench, killedAfter: .max, &random)
        #expect(bench.requests > 10)
        bench.now = right + 600
        if isRestarted { bench.positions = nil }
        bench.asked = [:]
        fetch(&bench, killedAfter: .max, &random)
        bench.now = right + 1_200
        fetch(&bench, killedAfter: .max, &random)
        let wanted = right...right + 1_200 - margins.lagSeconds - Limits.backfillGrowthSeconds
        #expect(wanted.allSatisfy { bench.asked[$0] != nil })
    }
}
