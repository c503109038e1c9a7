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

    /// INFO's lines about gaps: how many there are, and the newest that are not filled.
    package static func figures(_ ledger: FeedLedger) -> [(String, String)] {
        let gaps = ledger.history.gaps
        let unfilled = gaps.filter { ledger.state(of: $0) != .filled }
        var lines = [("gaps", "\(gaps.count)"), ("gaps_unfilled", "\(unfilled.count)")]
        for gap in unfilled.suffix(Limits.infoGapsMax).reversed() {
            let to = gap.to.map { "\($0.seconds)" } ?? "now"
            lines.append(
                (
                    "gap_\(gap.number)",
                    "feed=\(gap.feed),reason=\(gap.reason.word),from=\(gap.from.seconds),to=\(to),"
                        + "state=\(ledger.state(of: gap).rawValue)"
                ))
        }
        return lines
    }
}
