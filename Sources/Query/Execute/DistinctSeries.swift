import Engine
import Model

/// SERIES ... DISTINCT: how many different names each bucket has. Such counts do not add up over
/// time, so every bucket gathers its own names.
enum DistinctSeries {
    static func series(
        _ dimension: Dimension, _ question: SeriesQuestion, in snapshot: borrowing Snapshot
    ) throws -> [(Int64, Int64)] {
        let span = snapshot.span(question.selection.range)
        let buckets = try SeriesBuckets(question, span)
        var pairs: [(Int64, Int64)] = []
        for index in 0..<buckets.count {
            let own = buckets.span(index)
            let cut = TimeRange(
                lower: Timestamp(microseconds: max(own.lower, span.lower)),
                upper: Timestamp(microseconds: min(own.upper, span.upper)))
            var count: Int64 = 0
            if let lower = cut.lower, let upper = cut.upper, lower < upper {
                let selection = Selection(filter: question.selection.filter, range: cut)
                count = try Ranking.distinct(dimension, selection, in: snapshot)
            }
            if count > 0 || question.fill == .zero {
                pairs.append((buckets.startSeconds(index), count))
            }
        }
        return pairs
    }
}
