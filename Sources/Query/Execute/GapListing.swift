import Engine
import MessageLog
import Model

/// GAPS: where feeds may have missed messages, and what has become of it.
package enum GapListing {
    package static func reply(_ request: GapsRequest, from ledger: FeedLedger) -> Reply {
        let feed = request.feed.map { String(decoding: $0, as: UTF8.self) }
        var rows: [Reply] = []
        for gap in ledger.history.gaps.reversed() where feed == nil || gap.feed == feed {
            if rows.count == request.limit { break }
            let state = ledger.state(of: gap)
            if request.onlyUnfilled && state == .filled { continue }
            rows.append(
                .array([
                    .integer(Int64(gap.number)), .text(gap.feed), .text(gap.reason.word),
                    .bulk(gap.from.decimalText), gap.to.map { .bulk($0.decimalText) } ?? .null,
                    .text(state.rawValue), .text(gap.detail),
                ]))
        }
        return .array(rows)
    }
}
