import Model

/// How long a source that fails is left alone: twice as long after each failure, up to a bound,
/// less a random part, so that many who wait for one source do not come back together.
package struct RetryDelay {
    private var failures = 0

    package init() {}

    /// The source has answered.
    package mutating func reset() { failures = 0 }

    /// The seconds until the next try.
    /// - Parameter wanted: what the source itself asked for, within the bound.
    package mutating func next(
        wanted: Int64?, using generator: inout some RandomNumberGenerator
    ) -> Double {
        let doubled = Double(Limits.backfillRetrySecondsMin << Int64(min(failures, 20)))
        let longest = Double(Limits.backfillRetrySecondsMax)
        failures += 1
        let whole = min(longest, max(doubled, Double(wanted ?? 0)))
        return max(
            min(longest, Double(wanted ?? 0)),
            Double.random(in: whole / 2...whole, using: &generator))
    }
}
