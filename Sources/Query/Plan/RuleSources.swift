import Engine
import Model
import Rules

/// Which buckets of a rule a range is made of, and what of the range is to be evaluated from the
/// messages themselves: its ends between buckets, and the newest messages.
struct RuleSources {
    /// Whole buckets of one width.
    struct Piece {
        /// The width's place among the rule's.
        var width: Int
        /// The buckets' starts lie in it; in seconds.
        var starts: Range<Int64>
    }

    private(set) var pieces: [Piece] = []
    private(set) var edges: [Span] = []
    /// All times that count.
    let span: Span
    /// The last sequence that the answer is of.
    let covered: UInt64
    /// Messages that the rule has not computed yet; nil where there are none, or too many.
    let tail: ClosedRange<UInt64>?

    private let widths: [Int64]
    private let horizons: [Int64]

    /// - Parameter grid: buckets that the answer tells apart.
    init(
        _ range: TimeRange, grid: BucketGrid?, _ moment: borrowing RuleMoment,
        in snapshot: borrowing Snapshot
    ) throws(RequestError) {
        widths = moment.program.rule.widths.map(\.seconds)
        horizons = moment.horizons
        let behind = snapshot.end - moment.position
        if behind > 0, behind <= Limits.ruleTailRowsMax {
            tail = moment.position + 1...snapshot.end
            covered = snapshot.end
        } else {
            tail = nil
            covered = moment.position
        }
        span = Self.span(range, widths, horizons, snapshot.timeBounds)
        try Self.checkLosses(moment, span)
        let usable = Self.usable(widths, grid, span)
        cut(span, usable.reversed()[...])
    }

    /// A range's ends as they meet the store's times: an end beyond them lies between buckets.
    private static func span(
        _ range: TimeRange, _ widths: [Int64], _ horizons: [Int64], _ bounds: ClosedRange<Int64>?
    ) -> Span {
        guard let bounds, let coarsest = widths.last else { return Span(lower: 0, upper: 0) }
        let width = coarsest * 1_000_000
        var lower = range.lower?.microseconds ?? .min
        var upper = range.upper?.microseconds ?? .max
        if lower <= bounds.lowerBound {
            lower = bounds.lowerBound.floorDivided(by: width) * width
        }
        if upper > bounds.upperBound {
            upper = (bounds.upperBound.floorDivided(by: width) + 1) * width
        }
        // Without a beginning, all that the rule keeps is meant.
        if range.lower == nil, let oldest = horizons.min(), oldest != .min {
            lower = max(lower, oldest * 1_000_000)
        }
        return Span(lower: lower, upper: max(lower, upper))
    }

    /// Refuses what the rule lacks, since payloads were dropped before it was computed.
    private static func checkLosses(
        _ moment: borrowing RuleMoment, _ span: Span
    ) throws(RequestError) {
        let losses = moment.losses
        guard losses.messages > 0, !span.isEmpty, span.lower <= losses.latest else { return }
        let from = Timestamp(microseconds: losses.latest + 1).decimalText
        throw RequestError(
            gone: "the rule \(moment.program.rule.name) lacks \(losses.messages) messages whose "
                + "payloads retention had dropped before it was computed; accepted: FROM "
                + String(decoding: from, as: UTF8.self) + " or later")
    }

    /// The widths whose buckets lie within those of the grid, the finest first.
    private static func usable(_ widths: [Int64], _ grid: BucketGrid?, _ span: Span) -> [Int] {
        guard let grid else { return Array(widths.indices) }
        if let seconds = grid.fixedSeconds {
            return widths.indices.filter {
                seconds % widths[$0] == 0 && grid.fixedStart % widths[$0] == 0
            }
        }
        let starts = grid.numbers(from: span.start, to: span.end).map {
            grid.start(of: $0).seconds
        }
        return widths.indices.filter { place in
            starts.allSatisfy { $0 % widths[place] == 0 }
        }
    }

    /// - Parameter usable: places of widths, the coarsest first.
    private mutating func cut(_ span: Span, _ usable: ArraySlice<Int>) {
        if span.isEmpty { return }
        guard let width = usable.first else { return edges.append(span) }
        let size = widths[width] * 1_000_000
        var first = -((-span.lower).floorDivided(by: size))
        if horizons[width] != .min {
            first = max(first, horizons[width] / widths[width])
        }
        let last = span.upper.floorDivided(by: size)
        guard first < last else { return cut(span, usable.dropFirst()) }
        cut(Span(lower: span.lower, upper: first * size), usable.dropFirst())
        pieces.append(
            Piece(width: width, starts: first * widths[width]..<last * widths[width]))
        cut(Span(lower: last * size, upper: span.upper), usable.dropFirst())
    }
}

extension RequestError {
    /// What is asked for is not kept any more.
    init(gone sentence: String) {
        self.init(sentence)
        code = "GONE"
    }
}
