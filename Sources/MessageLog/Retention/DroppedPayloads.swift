import Model
import Synchronization

/// Dropping of payloads: first a horizon becomes durable in the log, then the archives that lie
/// before it go, one by one. Whoever dies in between finds the horizon and goes on.
extension MessageLog {
    /// The horizon that retention asks for at this moment; nil if no payload would go by it.
    ///
    /// A segment keeps its payloads together, so its newest message decides.
    package func dueHorizon(now: Timestamp) -> Horizon? {
        let retention = options.retention
        guard retention.seconds != nil || retention.bytes != nil else { return nil }
        var kept: [(latest: Int64, bytes: Int)] = []
        for segment in droppable where !segment.isDropped {
            guard let bounds = segment.columns.timeBounds else { continue }
            kept.append((bounds.upperBound, segment.payloadBytes))
        }
        kept.sort { $0.latest < $1.latest }
        var due = 0
        if let seconds = retention.seconds {
            let (age, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000)
            let oldest = overflows ? .min : now.microseconds - age
            due = kept.firstIndex { $0.latest >= oldest } ?? kept.count
        }
        if let most = retention.bytes {
            var bytes = kept.dropFirst(due).reduce(0) { $0 + $1.bytes }
            while bytes > most, due < kept.count {
                bytes -= kept[due].bytes
                due += 1
            }
        }
        guard due > 0, kept[due - 1].latest < .max else { return nil }
        return Horizon(.payloads, before: Timestamp(microseconds: kept[due - 1].latest + 1))
    }

    /// Drops the payloads of one segment that a horizon has put behind it. On the thread that
    /// compacts.
    /// - Returns: false if there was none.
    /// - Throws: `.full`, `.io`, `.damaged` leave the segment as it was; `.poisoned` if a
    ///   synchronize failed.
    package func dropNext() throws(LogError) -> Bool {
        let horizons = snapshot.horizons(.payloads)
        guard !horizons.isEmpty else { return false }
        let skipped = archiving.withLock { $0.damaged }
        let next = droppable.first { segment in
            !segment.isDropped && !skipped.contains(segment.key)
                && horizons.contains { segment.isBehind($0.sequence, $0.before) }
        }
        guard let next else { return false }
        _ = try join([next], keepingPayloads: false, effort: .merging, isStopped: { false })
        return true
    }

    /// All that is sealed but the newest segment: of a log that ends there, it knows the id.
    private var droppable: [Segment] {
        Array(snapshot.segments.dropLast().prefix { $0.columns.isSealed })
    }
}

extension Segment {
    /// Whether a horizon at `sequence` puts all of its messages behind it.
    fileprivate func isBehind(_ sequence: UInt64, _ before: Timestamp) -> Bool {
        let latest = columns.timeBounds?.upperBound ?? .min
        return lastSequence < sequence && latest < before.microseconds
    }
}
