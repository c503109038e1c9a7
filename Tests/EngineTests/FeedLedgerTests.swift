// What could go wrong: a note says that all was heard, and a crash shows that messages from before
// it were not durable; a full disk loses notes, or lets one pass the messages that wait; what was
// noted is forgotten by the next opening; notes are counted as messages.
import DiskSimulation
import Engine
import MessageLog
import Model
import Query
import TestSupport
import Testing

@Suite struct FeedLedgerTests {
    private static let each = 5

    /// The sequence up to which note number `time` promises all messages.
    private func expectPromised(_ engine: Engine, _ place: Comment) {
        guard let heard = engine.feeds.history.heard["bus"]?.last.seconds else { return }
        guard case .integer(let messages) = count(engine) else {
            Issue.record("COUNT gives a number, \(place)")
            return
        }
        #expect(messages >= heard * Int64(Self.each), place)
    }

    /// Messages and notes by turns, nobody waiting for either.
    private func feed(_ engine: Engine, batches: Int) -> [Appending] {
        (1...batches).map { number in
            let first = (number - 1) * Self.each + 1
            let appending = Appending(
                NumberedMessages.records(first...first + Self.each - 1), to: engine,
                mayWait: false, waitsForSpace: true)
            engine.feeds.note(.heard(feed: "bus", time: Timestamp(seconds: Int64(number))))
            return appending
        }
    }

    @Test func aNoteNeverPassesMessages() throws {
        let directory = TemporaryDirectory()
        let disk = try simulatedDisk(for: directory.path)
        let options = smallOptions(disk: disk, journalBytes: 16 << 10, segmentRecords: 60)
        let engine = try Engine(directory: directory.path + "/store", options: options)
        disk.setCapacity(bytes: 64 << 10)
        let all = feed(engine, batches: 200)
        #expect(all.last?.result(milliseconds: 300) == nil, "the disk is full")
        for seed in 0..<6 as Range<UInt64> {
            for choice in [CrashChoice.nothingUnsynced, .everything, .torn(seed: seed)] {
                // The rollups are on the real disk, and belong to the engine that runs.
                let other = TemporaryDirectory()
                try autoclosing(
                    openedCopy(of: disk.crashImage(choice), from: directory, to: other)
                ) { expectPromised($0, "\(choice)") }
            }
        }
        disk.setCapacity(bytes: nil)
        for appending in all { _ = try appending.outcome.get() }
        #expect(engine.feeds.history.heard["bus"]?.last == Timestamp(seconds: 200))
        #expect(count(engine) == .integer(Int64(200 * Self.each)))
        #expect(engine.accounting.counts.received == UInt64(200 * Self.each))
        let told = engine.feeds.history
        try engine.close()
        let other = TemporaryDirectory()
        try autoclosing(
            openedCopy(of: disk.crashImage(.everything), from: directory, to: other)
        ) { again in
            #expect(again.feeds.history == told)
            #expect(count(again) == .integer(Int64(200 * Self.each)))
            let report = try again.verify()
            #expect(report.isSound)
        }
    }

    /// Opens what a crash left of the log, with rollups of its own.
    private func openedCopy(
        of disk: SimulatedDisk, from directory: TemporaryDirectory, to other: TemporaryDirectory
    ) throws -> Engine {
        disk.setCapacity(bytes: nil)
        let log = directory.path + "/store/log"
        var parent = ""
        for part in (other.path + "/store/log").split(separator: "/") {
            parent += "/" + part
            try disk.makeDirectory(parent)
        }
        for name in try disk.list(log) {
            try disk.rename(log + "/" + name, to: other.path + "/store/log/" + name)
        }
        try disk.synchronizeDirectory(other.path + "/store/log")
        return try Engine(
            directory: other.path + "/store",
            options: smallOptions(disk: disk, journalBytes: 16 << 10, segmentRecords: 60))
    }

    @Test func stateOfAGapFollowsItsSources() throws {
        let directory = TemporaryDirectory()
        let engine = try Engine(directory: directory.path + "/store", options: smallOptions())
        let ledger = engine.feeds
        let state = { ledger.history.gap(1).map(ledger.state) }
        #expect(ledger.begin(.stopped, of: "bus", from: Timestamp(seconds: 9)) == 1)
        #expect(state() == .growing)
        ledger.note(.gapEnded(number: 1, to: Timestamp(seconds: 12)))
        #expect(state() == .open)
        ledger.setSources(["a", "b"], of: "bus")
        ledger.note(.fetched(number: 1, source: "a", before: Timestamp(seconds: 10)))
        #expect(state() == .partly)
        ledger.note(.filled(number: 1, source: "a"))
        #expect(state() == .partly)
        ledger.note(.filled(number: 1, source: "b"))
        #expect(state() == .filled)
        // A source that is configured later has yet to give what it has.
        ledger.setSources(["a", "b", "c"], of: "bus")
        #expect(state() == .partly)
        ledger.note(.gapEnded(number: 1, to: nil))
        #expect(state() == .growing)
        try engine.close()
    }

    /// What GAPS and INFO say: the newest first, of one feed or of all, filled ones where wanted.
    @Test func gapsAreListed() throws {
        let directory = TemporaryDirectory()
        let engine = try Engine(directory: directory.path + "/store", options: smallOptions())
        let ledger = engine.feeds
        for (feed, reason) in [("bus", Gap.Reason.stopped), ("hub", .overflow), ("bus", .counter)] {
            ledger.begin(
                reason, of: feed, from: Timestamp(seconds: 9), to: Timestamp(seconds: 12),
                detail: "tcp://" + feed)
        }
        ledger.setSources(["a"], of: "bus")
        ledger.note(.filled(number: 1, source: "a"))
        // Whether a feed has noted a span already.
        ledger.note { history in
            #expect(history.gaps(of: "hub").map(\.number) == [2])
            let gap = history.gap(2)
            for (span, isCovered) in [(9...12, true), (9...13, false), (8...12, false)] {
                let span =
                    Timestamp(
                        seconds: Int64(span.lowerBound))...Timestamp(
                        seconds: Int64(span.upperBound))
                #expect(gap?.covers(span) == isCovered)
            }
            return [.gapEnded(number: 2, to: nil)]
        }
        let listed = { (feed: String?, limit: Int, onlyUnfilled: Bool) -> [String] in
            let request = GapsRequest(
                feed: feed.map { Array($0.utf8) }, onlyUnfilled: onlyUnfilled, limit: limit)
            guard case .array(let rows) = GapListing.reply(request, from: ledger) else { return [] }
            return rows.map { row in
                guard case .array(let cells) = row else { return "" }
                return cells.map { cell in
                    switch cell {
                    case .integer(let number): "\(number)"
                    case .bulk(let text): String(decoding: text, as: UTF8.self)
                    default: "-"
                    }
                }.joined(separator: " ")
            }
        }
        let rows = listed(nil, 10, false)
        #expect(rows.count == 3, "\(rows)")
        for (row, words) in zip(
            rows, [["3", "counter", "open"], ["2", "overflow", "growing"], ["1", "filled"]])
        {
            for word in words { #expect(row.contains(word), "\(row)") }
        }
        #expect(listed("bus", 10, false).count == 2)
        #expect(listed("nobody", 10, false).isEmpty)
        #expect(listed(nil, 1, false) == Array(rows.prefix(1)))
        #expect(listed(nil, 10, true) == Array(rows.prefix(2)))
        let figures = Dictionary(
            uniqueKeysWithValues: GapListing.figures(ledger).map { ($0.0, $0.1) })
        #expect(figures["gaps"] == "3" && figures["gaps_unfilled"] == "2")
        #expect(figures["gap_2"] == "feed=hub,reason=overflow,from=9,to=now,state=growing")
        #expect(figures["gap_3"] == "feed=bus,reason=counter,from=9,to=12,state=open")
        try engine.close()
    }
}
