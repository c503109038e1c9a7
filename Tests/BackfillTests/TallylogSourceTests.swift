// What could go wrong: the other Tallylog is not one, or not ours any more: a number that no log
// reaches overflows and ends the process, or an answer that never ends is read for ever.

import Model
import Query
import Testing

@testable import Backfill

@Suite struct TallylogSourceTests {
    private static func reply(_ next: Int64, rows: Int) -> Reply {
        .array([
            .integer(next),
            .array((0..<rows).map { .array([.integer(Int64($0)), .bulk(Array("{}".utf8))]) }),
        ])
    }

    @Test func pagesGoForward() {
        #expect(TallylogSource.page(Self.reply(8, rows: 2), from: 6)?.envelopes.count == 2)
        #expect(TallylogSource.page(Self.reply(6, rows: 0), from: 6)?.next == 6)
        // What no filter lets pass is passed over.
        #expect(TallylogSource.page(Self.reply(9, rows: 0), from: 6)?.next == 9)
    }

    @Test(
        arguments: [
            (5, 0), (6, 1), (-1, 3), (Int64.min, 0), (Int64.max, 1),
            (Int64(Limits.sequenceMax) + 1, 0),
        ] as [(Int64, Int)])
    func whatNoLogAnswersIsRefused(next: Int64, rows: Int) {
        #expect(TallylogSource.page(Self.reply(next, rows: rows), from: 6) == nil)
    }

    @Test func otherShapesAreRefused() {
        let others: [Reply] = [
            .integer(1), .array([]), .array([.integer(7)]), .array([.integer(7), .integer(7)]),
            .error("ERR no"),
        ]
        for reply in others { #expect(TallylogSource.page(reply, from: 1) == nil, "\(reply)") }
    }

    @Test func figuresOfAnotherProgramAreNone() {
        func figure(_ text: String) -> UInt64? {
            TallylogSource.figure("sequence", in: Array(text.utf8))
        }
        #expect(figure("# store\r\nsequence:41\r\n") == 41)
        #expect(figure("sequence:\(UInt64.max)\r\n") == nil)
        #expect(figure("sequence:-1\r\nother:2\r\n") == nil)
        #expect(figure("") == nil)
    }
}
