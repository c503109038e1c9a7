import Engine
import MessageLog
import Model
import Rollup

/// COUNT and SERIES: numbers of messages.
enum Counting {
    /// The number of matching messages.
    static func count(
        _ selection: Selection, in snapshot: borrowing Snapshot
    ) throws -> Int64 {
        let sources = sources(selection, in: snapshot)
        var total: Int64 = 0
        if let groups = sources.groups, let split = sources.split {
            for piece in split.pieces {
                total += try snapshot.counts(of: groups, piece).reduce(0, +)
            }
        }
        try sources.forEachRow(in: snapshot) { _, _, _ in total += 1 }
        return total
    }

    /// Where a count comes from.
    static func sources(
        _ selection: Selection, in snapshot: borrowing Snapshot
    ) -> AnswerSources {
        AnswerSources(selection, levels: [.day, .hour, .minute], in: snapshot)
    }

    /// The number of matching messages per bucket, empty buckets left out unless `fill` is zero.
    static func series(
        _ question: SeriesQuestion, in snapshot: borrowing Snapshot
    ) throws -> [(Int64, Int64)] {
        let layout = try SeriesLayout(question, snapshot.span(question.selection.range))
        var buckets = SeriesBuckets(layout)
        let sources = AnswerSources(question, layout, in: snapshot)
        if let groups = sources.groups, let split = sources.split {
            for piece in split.pieces {
                try buckets.add(groups, piece, in: snapshot)
            }
        }
        try sources.forEachRow(in: snapshot) { _, block, row in buckets.add(at: block.times[row]) }
        return layout.pairs(buckets.counts)
    }
}

extension Snapshot {
    /// The messages per bucket of `piece` that the rollups count, all groups together.
    func counts(of groups: [SeriesGroup], _ piece: TimeSplit.Piece) throws(RollupError) -> [Int64] {
        var counts = Array(repeating: Int64(0), count: piece.buckets.count)
        for group in groups {
            try rollups.addSeries(group, piece.granularity, buckets: piece.buckets, into: &counts)
        }
        return counts
    }
}
