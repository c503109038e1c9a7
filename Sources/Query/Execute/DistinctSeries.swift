import Engine
import Model

/// SERIES ... DISTINCT: how many different names each bucket has. Such counts do not add up over
/// time, so every bucket gathers its own names.
enum DistinctSeries {
    static func series(
        _ dimension: Dimension, _ question: SeriesQuestion, in snapshot: borrowing Snapshot
    ) throws -> [(Int64, Int64)] {
        let span = snapshot.span(question.selection.range)
        let layout = try SeriesLayout(question, span)
        var pairs: [(Int64, Int64)] = []
        for index in 0..<layout.listedCount {
            let (start, own) = layout.listed(index)
            if own.isEmpty { continue }
            let cut = Span(lower: max(own.lower, span.lower), upper: min(own.upper, span.upper))
            var count: Int64 = 0
            if !cut.isEmpty {
                let selection = Selection(
                    filter: question.selection.filter,
                    range: TimeRange(lower: cut.start, upper: cut.end))
                count = try Ranking.distinct(dimension, selection, in: snapshot)
            }
            if count > 0 || layout.keepsEmpty { pairs.append((start, count)) }
        }
        return pairs
    }
}
