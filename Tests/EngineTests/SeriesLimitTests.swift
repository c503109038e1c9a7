// What could go wrong: a short request asks for more memory than there is: a million buckets, or
// windows, for every name.
import Engine
import Model
import Query
import TestSupport
import Testing

@Suite struct SeriesLimitTests {
    @Test func manyBucketsTimesManyNamesAreRefused() throws {
        let directory = TemporaryDirectory()
        let engine = try filledEngine(in: directory, messages: 200, seed: 8)
        let lower = Timestamp(seconds: RandomHistory.start + 86_400)
        let range = TimeRange(lower: lower, upper: Timestamp(seconds: lower.seconds + 900_000))
        let selection = Selection(range: range)
        let seconds = BucketGrid(Every(1, .second))
        var windows = BucketGrid(Every(1, .minute))
        windows.windows = SlidingWindows(width: 60, step: 1)
        let refused = Reply.error(
            "ERR SERIES would have more than 4000000 counts of a name in a bucket; "
                + "take wider buckets, a shorter range or fewer names")
        for question in [
            SeriesQuestion(
                grid: seconds, by: Grouping(.user), selection: selection, fill: .zero),
            SeriesQuestion(grid: windows, by: Grouping(.user), selection: selection),
        ] {
            #expect(Executor.answer(.series(question), from: engine) == refused)
        }
        // The same without the zeros is short.
        let short = SeriesQuestion(grid: seconds, by: Grouping(.user), selection: selection)
        guard case .array(let named) = Executor.answer(.series(short), from: engine) else {
            Issue.record("a short series is refused")
            return
        }
        #expect(named.count > 4)
        try engine.close()
    }
}
