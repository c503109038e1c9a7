import Engine
import MessageLog
import Model

/// A range of times in microseconds, half-open, cut to what the store holds.
struct Span {
    var lower: Int64
    var upper: Int64

    var isEmpty: Bool { lower >= upper }
}

/// A range cut into whole buckets, coarse ones first, and what is left over at its edges.
struct TimeSplit {
    struct Piece {
        var granularity: Granularity
        /// Bucket numbers of that granularity.
        var buckets: Range<Int64>
    }

    private(set) var pieces: [Piece] = []
    /// What no whole bucket covers; answered from columns.
    private(set) var edges: [Span] = []

    /// - Parameter levels: the granularities that may be used, coarsest first.
    init(_ span: Span, levels: [Granularity]) { cut(span, levels[...]) }

    private mutating func cut(_ span: Span, _ levels: ArraySlice<Granularity>) {
        if span.isEmpty { return }
        guard let level = levels.first else {
            edges.append(span)
            return
        }
        let width = level.microseconds
        let first = -(-span.lower).floorDivided(by: width)
        let last = span.upper.floorDivided(by: width)
        guard first < last else { return cut(span, levels.dropFirst()) }
        pieces.append(Piece(granularity: level, buckets: first..<last))
        cut(Span(lower: span.lower, upper: first * width), levels.dropFirst())
        cut(Span(lower: last * width, upper: span.upper), levels.dropFirst())
    }
}

extension Snapshot {
    /// The times of the first and the last message, or nil where there is none.
    var timeBounds: ClosedRange<Int64>? {
        var bounds: ClosedRange<Int64>?
        for view in segments {
            guard let own = view.segment.columns.timeBounds else { continue }
            let lower = min(bounds?.lowerBound ?? own.lowerBound, own.lowerBound)
            let upper = max(bounds?.upperBound ?? own.upperBound, own.upperBound)
            bounds = lower...upper
        }
        return bounds
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
