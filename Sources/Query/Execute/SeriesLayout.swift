import Engine
import Model

/// Which buckets a series counts, and which it lists: the same, or windows made of them.
struct SeriesLayout {
    /// The buckets that are counted.
    let grid: BucketGrid
    /// Their numbers.
    let numbers: Range<Int64>
    /// Buckets without messages are listed too.
    let keepsEmpty: Bool
    /// Windows, and the numbers of those that are listed: number 0 begins at the grid's origin.
    private let windows: (shape: SlidingWindows, listed: Range<Int64>)?

    /// - Parameter span: the times that can have messages.
    init(_ question: SeriesQuestion, _ span: Span) throws(RequestError) {
        let range = question.selection.range
        keepsEmpty = question.fill == .zero
        guard let shape = question.grid.windows else {
            grid = question.grid
            windows = nil
            let isClosed = keepsEmpty && range.lower != nil && range.upper != nil
            numbers = grid.numbers(
                from: isClosed ? range.lower ?? span.start : span.start,
                to: isClosed ? range.upper ?? span.end : span.end)
            try Self.check(numbers.count)
            return
        }
        let listed = Self.listed(shape, question.grid.fixedStart, range, span)
        try Self.check(listed.count)
        let origin = question.grid.fixedStart
        let piece = Every(shape.pieceSeconds, .second)
        guard let pieces = BucketGrid(piece, origin: Timestamp(seconds: origin)) else {
            preconditionFailure("a whole second begins a bucket of seconds")
        }
        grid = pieces
        windows = (shape, listed)
        let perStep = shape.step / shape.pieceSeconds
        numbers =
            listed.isEmpty
            ? 0..<0
            : listed.lowerBound * perStep..<(listed.upperBound - 1) * perStep
                + shape.piecesPerWindow
        try Self.check(numbers.count)
    }

    private static func check(_ count: Int) throws(RequestError) {
        guard count > Limits.seriesBucketsMax else { return }
        throw RequestError(
            "SERIES would have more than \(Limits.seriesBucketsMax) buckets; "
                + "take wider buckets or a shorter range")
    }

    /// The windows that lie wholly in the range; at an open end those that meet the store's times.
    private static func listed(
        _ shape: SlidingWindows, _ origin: Int64, _ range: TimeRange, _ span: Span
    ) -> Range<Int64> {
        if span.isEmpty, range.lower == nil || range.upper == nil { return 0..<0 }
        let (origin, width, step) = (
            origin * 1_000_000, shape.width * 1_000_000, shape.step * 1_000_000
        )
        let first =
            if let lower = range.lower?.microseconds {
                -(origin - lower).floorDivided(by: step)
            } else {
                (span.lower - origin - width).floorDivided(by: step) + 1
            }
        let last =
            if let upper = range.upper?.microseconds {
                (upper - origin - width).floorDivided(by: step)
            } else {
                (span.upper - 1 - origin).floorDivided(by: step)
            }
        return first <= last ? first..<last + 1 : 0..<0
    }

    var hasWindows: Bool { windows != nil }

    /// The times that are counted.
    var span: Span {
        numbers.isEmpty
            ? Span(lower: 0, upper: 0)
            : Span(
                lower: grid.start(of: numbers.lowerBound).microseconds,
                upper: grid.start(of: numbers.upperBound).microseconds)
    }

    /// The number of listed buckets.
    var listedCount: Int { windows?.listed.count ?? numbers.count }

    /// The start of a listed bucket, in seconds, and the times it holds.
    func listed(_ index: Int) -> (start: Int64, span: Span) {
        if let windows {
            let start =
                grid.fixedStart + (windows.listed.lowerBound + Int64(index)) * windows.shape.step
            return (
                start,
                Span(lower: start * 1_000_000, upper: (start + windows.shape.width) * 1_000_000)
            )
        }
        let number = numbers.lowerBound + Int64(index)
        let start = grid.start(of: number)
        let end = grid.start(of: number + 1)
        return (start.seconds, Span(lower: start.microseconds, upper: end.microseconds))
    }

    /// Starts in seconds and counts of what is listed.
    /// - Parameter counts: of the counted buckets.
    func pairs(_ counts: [Int64]) -> [(Int64, Int64)] {
        if let windows { return sums(of: counts, windows.shape) }
        var pairs: [(Int64, Int64)] = []
        pairs.reserveCapacity(counts.count)
        // A fixed width saves a calendar's arithmetic for every bucket.
        if let width = grid.fixedSeconds, !counts.isEmpty {
            var start = listed(0).start
            for count in counts {
                if keepsEmpty || count > 0 { pairs.append((start, count)) }
                start += width
            }
            return pairs
        }
        for index in counts.indices where keepsEmpty || counts[index] > 0 {
            // A day that a zone skipped has no time of its own.
            let (start, span) = listed(index)
            if !span.isEmpty { pairs.append((start, counts[index])) }
        }
        return pairs
    }

    /// Starts and sums of the windows, from their pieces' counts.
    private func sums(of counts: [Int64], _ shape: SlidingWindows) -> [(Int64, Int64)] {
        var pairs: [(Int64, Int64)] = []
        let perStep = Int(shape.step / shape.pieceSeconds)
        let perWindow = Int(shape.piecesPerWindow)
        // sums[i] is the sum of the pieces before i.
        var sums: [Int64] = [0]
        sums.reserveCapacity(counts.count + 1)
        for count in counts { sums.append(sums[sums.count - 1] + count) }
        for index in 0..<listedCount {
            let from = index * perStep
            let sum = sums[from + perWindow] - sums[from]
            if keepsEmpty || sum > 0 { pairs.append((listed(index).start, sum)) }
        }
        return pairs
    }
}

extension Span {
    var start: Timestamp { Timestamp(microseconds: lower) }
    var end: Timestamp { Timestamp(microseconds: upper) }
}
