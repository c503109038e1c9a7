import Engine
import MessageLog
import Model
import Rollup

/// NAMES and SEEN: what names there are, and when one occurred.
enum Naming {
    /// The names of `dimension` that start with a prefix, and are new in a range, in byte order.
    static func names(
        _ question: NamesQuestion, in snapshot: borrowing Snapshot
    ) throws -> [[UInt8]] {
        let dimension = question.dimension
        var found: Set<[UInt8]>
        if let range = question.new {
            found = try names(dimension, in: range, in: snapshot)
            if let lower = range.lower {
                let before = TimeRange(upper: lower)
                found.subtract(try names(dimension, in: before, in: snapshot))
            }
        } else {
            var labels = GroupLabels(dimension, level: nil, snapshot.names)
            found = []
            for id in snapshot.names.ids(of: dimension.counted) {
                found.insert(labels.name(of: id))
            }
        }
        let sorted = found.filter { $0.starts(with: question.prefix) }
            .sorted { $0.lexicographicallyPrecedes($1) }
        return Array(sorted.prefix(question.limit))
    }

    /// The names that messages within `range` have.
    private static func names(
        _ dimension: Dimension, in range: TimeRange, in snapshot: borrowing Snapshot
    ) throws -> Set<[UInt8]> {
        var tally = try Ranking.tally(dimension, Selection(range: range), in: snapshot)
        var labels = GroupLabels(dimension, level: nil, snapshot.names)
        var found: Set<[UInt8]> = []
        tally.forEach { id, _ in found.insert(labels.name(of: id)) }
        return found
    }

    /// The times of the first and the last matching message that has `name`, and their number; nil
    /// where there is none.
    static func seen(
        _ question: SeenQuestion, in snapshot: borrowing Snapshot
    ) throws -> (first: Timestamp, last: Timestamp, total: Int64)? {
        let narrowed = question.narrowed
        let total = try Counting.count(Selection(filter: narrowed), in: snapshot)
        guard total > 0, let bounds = snapshot.timeBounds else { return nil }
        let first = try edge(narrowed, bounds, newest: false, in: snapshot)
        let last = try edge(narrowed, bounds, newest: true, in: snapshot)
        guard let first, let last else { return nil }
        return (Timestamp(microseconds: first), Timestamp(microseconds: last), total)
    }

    /// The time of the first or the last matching message.
    private static func edge(
        _ filter: Filter, _ bounds: ClosedRange<Int64>, newest: Bool,
        in snapshot: borrowing Snapshot
    ) throws -> Int64? {
        // Halve the days by counting, which the rollups do; then read one day's columns.
        let day = Granularity.day.microseconds
        var low = bounds.lowerBound.floorDivided(by: day)
        var high = bounds.upperBound.floorDivided(by: day) + 1
        while high - low > 1 {
            let middle = low + (high - low) / 2
            let half = newest ? middle..<high : low..<middle
            let range = TimeRange(
                lower: Timestamp(microseconds: half.lowerBound * day),
                upper: Timestamp(microseconds: half.upperBound * day))
            let found =
                try Counting.count(Selection(filter: filter, range: range), in: snapshot) > 0
            if found == newest { low = middle } else { high = middle }
        }
        let resolved = ResolvedFilter(filter, names: snapshot.names)
        let scan = ColumnScan(
            filter: resolved, sequences: 1..<snapshot.end + 1,
            span: Span(lower: low * day, upper: high * day), wanted: [.times, .topics, .sets])
        var best: Int64?
        try scan.forEach(in: snapshot) { _, block, row in
            let time = block.times[row]
            best = best.map { newest ? max($0, time) : min($0, time) } ?? time
        }
        return best
    }
}
