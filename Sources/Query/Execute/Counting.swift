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
        let sources = AnswerSources(
            selection, levels: [.day, .hour, .minute], in: snapshot)
        var total: Int64 = 0
        if let groups = sources.groups, let split = sources.split {
            for piece in split.pieces {
                let counts = try snapshot.counts(of: groups, piece)
                total += Int64(counts.reduce(0, +))
            }
        }
        sources.forEachRow(in: snapshot) { _, _, _ in total += 1 }
        return total
    }

    /// The number of matching messages per bucket, empty buckets left out unless `fill` is zero.
    static func series(
        _ question: SeriesQuestion, in snapshot: borrowing Snapshot
    ) throws -> [(Int64, Int64)] {
        let sources = AnswerSources(
            question.selection, levels: question.every.levels, in: snapshot)
        var buckets = try SeriesBuckets(question, sources.span)
        if let groups = sources.groups, let split = sources.split {
            for piece in split.pieces {
                buckets.add(try snapshot.counts(of: groups, piece), piece)
            }
        }
        sources.forEachRow(in: snapshot) { _, block, row in
            buckets.add(1, at: block.times[row])
        }
        return buckets.finished
    }
}

extension Snapshot {
    /// The messages per bucket of `piece` that the rollups count, all groups together.
    func counts(of groups: [SeriesGroup], _ piece: TimeSplit.Piece) throws(RollupError) -> [UInt64]
    {
        var counts = Array(repeating: UInt64(0), count: piece.buckets.count)
        for group in groups {
            try rollups.addSeries(group, piece.granularity, buckets: piece.buckets, into: &counts)
        }
        return counts
    }
}

extension Every {
    /// The stored widths whose buckets never straddle a bucket of this series, coarsest first.
    var levels: [Granularity] {
        guard let seconds = fixedSeconds else { return [.day, .hour, .minute] }
        return [.day, .hour, .minute].filter { seconds % $0.seconds == 0 }
    }
}
