import Engine
import MessageLog
import Model
import Rollup

/// A range of times in microseconds, half-open, cut to what the store holds.
struct Span {
    var lower: Int64
    var upper: Int64

    var isEmpty: Bool { lower >= upper }

    static let all = Span(lower: .min, upper: .max)
}

/// A range cut into whole buckets, as coarse as can be, and what is left over.
struct TimeSplit {
    struct Piece {
        var granularity: Granularity
        /// Bucket numbers of that granularity.
        var buckets: Range<Int64>
    }

    private(set) var pieces: [Piece] = []
    /// What no whole bucket covers; answered from columns.
    private(set) var edges: [Span] = []
    private let minutesFrom: Int64

    /// - Parameters:
    ///   - levels: the granularities that may be used, coarsest first.
    ///   - boundaries: moments, ascending, that no whole bucket may have inside.
    ///   - minutesFrom: before this moment, which divides no minute, there are no minutes to use.
    init(
        _ span: Span, levels: [Granularity], boundaries: [Int64] = [],
        minutesFrom: Int64 = .min
    ) {
        self.minutesFrom = minutesFrom
        cut(span, levels[...], boundaries[...])
    }

    private mutating func cut(
        _ span: Span, _ levels: ArraySlice<Granularity>, _ boundaries: ArraySlice<Int64>
    ) {
        if span.isEmpty { return }
        guard let level = levels.first else {
            edges.append(span)
            return
        }
        let width = level.microseconds
        let finer = levels.dropFirst()
        let inside = boundaries.sorted(within: span)
        let last = span.upper.floorDivided(by: width)
        // The first whole bucket that is neither taken nor divided.
        var free = -(-span.lower).floorDivided(by: width)
        // Where begins what is left to the finer levels.
        var lower = span.lower
        for boundary in inside {
            let bucket = boundary.floorDivided(by: width)
            guard bucket >= free, bucket < last, bucket * width != boundary else { continue }
            if bucket > free { take(free..<bucket, level, &lower, finer, inside) }
            free = bucket + 1
        }
        if free < last { take(free..<last, level, &lower, finer, inside) }
        cut(Span(lower: lower, upper: span.upper), finer, inside)
    }

    /// Takes whole buckets, and leaves what lies before them to the finer levels.
    private mutating func take(
        _ buckets: Range<Int64>, _ level: Granularity, _ lower: inout Int64,
        _ finer: ArraySlice<Granularity>, _ boundaries: ArraySlice<Int64>
    ) {
        let width = level.microseconds
        cut(Span(lower: lower, upper: buckets.lowerBound * width), finer, boundaries)
        lower = buckets.upperBound * width
        var kept = buckets
        if level == .minute, buckets.lowerBound * width < minutesFrom {
            let first = min(buckets.upperBound, minutesFrom.floorDivided(by: width))
            edges.append(Span(lower: buckets.lowerBound * width, upper: first * width))
            kept = first..<buckets.upperBound
        }
        if !kept.isEmpty { pieces.append(Piece(granularity: level, buckets: kept)) }
    }
}

extension ArraySlice<Int64> {
    /// Those of ascending moments that lie inside `span`.
    fileprivate func sorted(within span: Span) -> Self {
        self[firstIndex(atOrAfter: span.lower)..<firstIndex(atOrAfter: span.upper)]
    }

    private func firstIndex(atOrAfter moment: Int64) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < moment { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension Snapshot {
    /// The times of the first and the last message, or nil where there is none.
    var timeBounds: ClosedRange<Int64>? {
        readableTimes ?? segments.reduce(nil) { $0.spanning(times(of: $1)) }
    }

    /// Of a segment that cannot be read, the rollups know the hours, if they cover it.
    private func times(of view: SegmentView) -> ClosedRange<Int64>? {
        let columns = view.segment.columns
        let hours = rollups.hours
        guard columns.isStandIn, folded >= view.lastSequence, !hours.isEmpty else {
            return columns.timeBounds
        }
        let hour = Granularity.hour.microseconds
        return hours.lowerBound * hour...hours.upperBound * hour - 1
    }

    /// `range` cut to the store's own times, each end that passes them moved out to a whole day:
    /// nothing lies there, so whole buckets serve and no edge is left over.
    func span(_ range: TimeRange) -> Span {
        guard let bounds = timeBounds else { return Span(lower: 0, upper: 0) }
        let day = Granularity.day.microseconds
        var span = Span(
            lower: range.lower?.microseconds ?? Int64.min,
            upper: range.upper?.microseconds ?? Int64.max)
        if span.upper <= bounds.lowerBound || span.lower > bounds.upperBound {
            return Span(lower: 0, upper: 0)
        }
        if span.lower <= bounds.lowerBound {
            span.lower = bounds.lowerBound.floorDivided(by: day) * day
        }
        if span.upper > bounds.upperBound {
            span.upper = (bounds.upperBound.floorDivided(by: day) + 1) * day
        }
        return span
    }
}
