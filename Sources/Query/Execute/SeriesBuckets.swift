import Model

/// The buckets of one series, being counted.
struct SeriesBuckets {
    private let every: Every
    private let numbers: Range<Int64>
    private var counts: [Int64]
    private let keepsEmpty: Bool

    /// - Parameter span: the times that can have messages.
    init(_ question: SeriesQuestion, _ span: Span) throws(RequestError) {
        every = question.every
        keepsEmpty = question.fill == .zero
        var lower = Timestamp(microseconds: span.lower)
        var upper = Timestamp(microseconds: span.upper)
        if keepsEmpty, let first = question.selection.range.lower,
            let last = question.selection.range.upper
        {
            lower = first
            upper = last
        }
        numbers = every.numbers(from: lower, to: upper)
        guard numbers.count <= Limits.seriesBucketsMax else {
            throw RequestError(
                "SERIES would have more than \(Limits.seriesBucketsMax) buckets; "
                    + "take wider buckets or a shorter range")
        }
        counts = Array(repeating: 0, count: numbers.count)
    }

    /// The number of buckets.
    var count: Int { counts.count }

    /// The start of bucket `index`, in seconds.
    func startSeconds(_ index: Int) -> Int64 {
        every.start(of: numbers.lowerBound + Int64(index)).seconds
    }

    /// The times of bucket `index`.
    func span(_ index: Int) -> Span {
        let number = numbers.lowerBound + Int64(index)
        return Span(
            lower: every.start(of: number).microseconds,
            upper: every.start(of: number + 1).microseconds)
    }

    /// Counts `amount` messages at `time`, in microseconds.
    mutating func add(_ amount: Int64, at time: Int64) {
        let number = every.number(of: Timestamp(microseconds: time))
        counts[Int(number - numbers.lowerBound)] += amount
    }

    /// Adds whole stored buckets, none of which straddles one of these.
    mutating func add(_ amounts: [UInt64], _ piece: TimeSplit.Piece) {
        if every.fixedSeconds == piece.granularity.seconds, every.unit != .week {
            let first = Int(piece.buckets.lowerBound - numbers.lowerBound)
            // The span may reach past the asked range, but only where no messages are.
            for (index, amount) in amounts.enumerated() where amount > 0 {
                counts[first + index] += Int64(amount)
            }
            return
        }
        let width = piece.granularity.microseconds
        var time = piece.buckets.lowerBound * width
        for amount in amounts {
            if amount > 0 { add(Int64(amount), at: time) }
            time += width
        }
    }

    /// Starts in seconds, and counts.
    var finished: [(Int64, Int64)] {
        var pairs: [(Int64, Int64)] = []
        pairs.reserveCapacity(counts.count)
        // A fixed width saves a calendar's arithmetic for every bucket.
        let width = every.fixedSeconds
        let first = counts.isEmpty ? 0 : startSeconds(0)
        for index in counts.indices where keepsEmpty || counts[index] > 0 {
            let start = width.map { first + Int64(index) * $0 } ?? startSeconds(index)
            pairs.append((start, counts[index]))
        }
        return pairs
    }
}
