import Model
import Query

/// The buckets or windows of one series, each holding an array of messages.
struct NaiveBuckets {
    private let question: SeriesQuestion
    private let grid: NaiveGrid

    init(_ question: SeriesQuestion) {
        self.question = question
        let history = RandomHistory.start..<RandomHistory.start + (RandomHistory.days + 2) * 86_400
        grid = NaiveGrid(question.grid, around: history)
    }

    /// Starts with what `count` makes of a bucket's messages.
    func pairs(
        _ messages: [ModelMessage], _ count: ([ModelMessage]) -> Int64
    ) -> [(Int64, Int64)] {
        let range = question.selection.range
        let isClosed = question.fill == .zero
        if let windows = question.grid.windows {
            return self.windows(windows).compactMap { start in
                let end = start + windows.width
                let inside = messages.filter {
                    $0.time >= start * 1_000_000 && $0.time < end * 1_000_000
                }
                let value = count(inside)
                return value > 0 || isClosed ? (start, value) : nil
            }
        }
        var held: [Int64: [ModelMessage]] = [:]
        if isClosed, let lower = range.lower, let upper = range.upper {
            for start in grid.touched(lower.microseconds, upper.microseconds) { held[start] = [] }
        }
        for message in messages { held[grid.start(of: message.time), default: []].append(message) }
        return held.sorted { $0.key < $1.key }.map { ($0.key, count($0.value)) }
            .filter { $0.1 > 0 || isClosed }
    }

    /// The starts of the windows that lie wholly in the range.
    private func windows(_ windows: SlidingWindows) -> [Int64] {
        let range = question.selection.range
        let first = RandomHistory.start - 3 * 86_400
        let last = RandomHistory.start + (RandomHistory.days + 3) * 86_400
        var start =
            question.grid.origin?.seconds ?? (question.grid.every.unit == .week ? -259_200 : 0)
        while start > first - windows.width { start -= windows.step }
        start += (first - windows.width - start) / windows.step * windows.step
        var starts: [Int64] = []
        while start <= last {
            let end = start + windows.width
            if range.lower.map({ start * 1_000_000 >= $0.microseconds }) ?? true,
                range.upper.map({ end * 1_000_000 <= $0.microseconds }) ?? true
            {
                starts.append(start)
            }
            start += windows.step
        }
        return starts
    }
}
