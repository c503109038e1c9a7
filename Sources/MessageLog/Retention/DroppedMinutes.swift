import Model

/// Up to when counts per minute are no longer kept: a horizon in the log, behind which questions
/// count the rows of columns. Which rows of the rollups go by it is theirs to do.
extension MessageLog {
    /// The horizon that retention asks for at this moment, the start of a day; nil if no message
    /// would be passed by it, or the one that is in the log is as far.
    ///
    /// Long histories are passed in steps, since what goes goes in one transaction.
    package func dueMinutesHorizon(now: Timestamp) -> Horizon? {
        guard let seconds = options.retention.minuteSeconds else { return nil }
        let shown = snapshot
        let (age, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000)
        guard !overflows,
            let earliest = shown.segments.compactMap({ $0.columns.timeBounds?.lowerBound }).min()
        else { return nil }
        let day = Granularity.day.microseconds
        let passed = shown.minutesFrom(upTo: .max)?.microseconds ?? .min
        let begun = max(passed, earliest.floorDivided(by: day) * day)
        let step = begun + Limits.minutesHorizonDaysMax * day
        let before = min((now.microseconds - age).floorDivided(by: day) * day, step)
        guard before > begun else { return nil }
        return Horizon(.minutes, before: Timestamp(microseconds: before))
    }
}

extension LogSnapshot {
    /// From when on the rollups keep counts per minute, by the records up to a sequence; nil if
    /// from the beginning.
    package func minutesFrom(upTo sequence: UInt64) -> Timestamp? {
        horizons(.minutes).filter { $0.sequence <= sequence }.map(\.before)
            .max { $0.microseconds < $1.microseconds }
    }
}
