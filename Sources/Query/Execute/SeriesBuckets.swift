import Engine
import Model
import Rollup

/// Finds the bucket of one time after the other. Times that come in order cost little.
struct BucketFinder {
    private let grid: BucketGrid
    private let first: Int64
    private let width: Int64?
    private let start: Int64
    /// The bucket that was found last, and its times.
    private var known: (index: Int, span: Span) = (0, Span(lower: 0, upper: 0))

    /// - Parameter numbers: the buckets; the first of them has index 0.
    init(_ grid: BucketGrid, _ numbers: Range<Int64>) {
        self.grid = grid
        first = numbers.lowerBound
        width = grid.fixedSeconds.map { $0 * 1_000_000 }
        start = grid.fixedStart * 1_000_000
    }

    /// - Parameter time: in microseconds.
    mutating func index(of time: Int64) -> Int {
        if let width { return Int((time - start).floorDivided(by: width) - first) }
        if time >= known.span.lower, time < known.span.upper { return known.index }
        let number = grid.number(of: Timestamp(microseconds: time))
        let own = Span(
            lower: grid.start(of: number).microseconds,
            upper: grid.start(of: number + 1).microseconds)
        known = (Int(number - first), own)
        return known.index
    }
}

/// The counted buckets of one series.
struct SeriesBuckets {
    private(set) var counts: [Int64]
    private var finder: BucketFinder
    /// The first bucket's number where a bucket is `seconds` wide and bucket 0 begins at the epoch.
    private let aligned: (seconds: Int64, first: Int64)?

    init(_ layout: SeriesLayout) {
        counts = Array(repeating: 0, count: layout.numbers.count)
        finder = BucketFinder(layout.grid, layout.numbers)
        aligned =
            layout.grid.fixedStart == 0
            ? layout.grid.fixedSeconds.map { ($0, layout.numbers.lowerBound) } : nil
    }

    /// Counts one message at `time`, in microseconds.
    mutating func add(at time: Int64) { counts[finder.index(of: time)] += 1 }

    /// Adds the stored buckets of `groups`, none of which straddles one of these.
    mutating func add(
        _ groups: [SeriesGroup], _ piece: TimeSplit.Piece, in snapshot: borrowing Snapshot
    ) throws(RollupError) {
        if let aligned, aligned.seconds == piece.granularity.seconds {
            // The piece may reach past these buckets, but only where no messages are.
            let own = aligned.first..<aligned.first + Int64(counts.count)
            let buckets = piece.buckets.clamped(to: own)
            for group in groups {
                try snapshot.rollups.addSeries(
                    group, piece.granularity, buckets: buckets, into: &counts,
                    at: Int(buckets.lowerBound - aligned.first))
            }
            return
        }
        let width = piece.granularity.microseconds
        var time = piece.buckets.lowerBound * width
        for amount in try snapshot.counts(of: groups, piece) {
            if amount > 0 { counts[finder.index(of: time)] += amount }
            time += width
        }
    }
}
