import Model
import Query

/// A series for people: a table of buckets with its course below, or a line for each name.
struct TerminalSeries {
    let answer: SeriesAnswer
    let question: SeriesQuestion
    let labels: TimeLabels
    /// Characters in a line of the terminal.
    let width: Int

    /// Bars narrower than this say nothing.
    private static let barsMin = 8

    var lines: [StyledLine] {
        guard let numbers else { return [] }
        if question.by != nil { return named(over: numbers) }
        let pairs = answer.series.flatMap(\.pairs)
        let starts = labels.buckets(pairs.map(\.start), width: bucketWidth)
        let cells = zip(starts, pairs).map { [$0, "\($1.count)"] }
        let bars = StyledLine(bars(pairs, over: numbers, width: width), .bars)
        return TerminalAnswer.table(["start", "count"], cells, [.left, .right])
            + [StyledLine(""), bars]
    }

    private func named(over numbers: ClosedRange<Int64>) -> [StyledLine] {
        let cells = answer.series.map { name, pairs in
            [name ?? "", "\(pairs.reduce(0) { $0 + $1.count })"]
        }
        var rows = TerminalAnswer.table(["name", "total"], cells, [.left, .right])
        let taken =
            (cells.map { $0[0].count }.max() ?? 0).advanced(by: 2)
            + (cells.map { $0[1].count } + ["total".count]).reduce(0, max) + 2
        let room = max(Self.barsMin, width - max(taken, 0))
        for (place, series) in answer.series.enumerated() {
            let bars = bars(series.pairs, over: numbers, width: room)
            rows[place + 1] = rows[place + 1] + StyledLine("  ") + StyledLine(bars, .bars)
        }
        let starts = answer.series.flatMap(\.pairs).map(\.start)
        let ends = labels.buckets(
            Array(Set([starts.min() ?? 0, starts.max() ?? 0])).sorted(), width: bucketWidth)
        let span = ends.joined(separator: " to ")
        return rows + [StyledLine("\(span), buckets of \(question.grid.every.text)", .faint)]
    }

    private func bars(
        _ pairs: [SeriesAnswer.Pair], over numbers: ClosedRange<Int64>, width: Int
    ) -> String {
        Sparkline.text(
            pairs.map { (number(of: $0.start), $0.count) }, over: numbers, width: width)
    }

    /// The buckets from the first to the last that was listed, empty ones among them.
    private var numbers: ClosedRange<Int64>? {
        let starts = answer.series.flatMap(\.pairs).map(\.start)
        guard let first = starts.min(), let last = starts.max() else { return nil }
        return number(of: first)...number(of: last)
    }

    private func number(of start: Int64) -> Int64 {
        if let windows = question.grid.windows { return start.floorDivided(by: windows.step) }
        return question.grid.number(of: Timestamp(seconds: start))
    }

    /// In seconds, of the narrowest bucket; months and years have many days.
    private var bucketWidth: Int64 { question.grid.every.fixedSeconds ?? 28 * 86_400 }
}
