import Engine
import MessageLog
import Model
import Rollup

/// NAMES and SEEN: what names there are, and when one occurred.
enum Naming {
    /// The names of `dimension` that start with `prefix`, in byte order.
    static func names(
        _ dimension: Dimension, prefix: [UInt8], limit: Int, in snapshot: borrowing Snapshot
    ) -> [[UInt8]] {
        let table = snapshot.names
        var found: [[UInt8]] = []
        if dimension == .category {
            let categories = table.ids(of: .topic).map { id in
                let topic = String(decoding: table.text(.topic, id), as: UTF8.self)
                return Array(Category.of(topic: topic).utf8)
            }
            found = Set(categories).filter { $0.starts(with: prefix) }
        } else {
            for id in table.ids(of: dimension) {
                let name = table.text(dimension, id)
                if name.starts(with: prefix) { found.append(name) }
            }
        }
        found.sort { $0.lexicographicallyPrecedes($1) }
        return Array(found.prefix(limit))
    }

    /// The times of the first and the last matching message that has `name`, and their number; nil
    /// where there is none.
    static func seen(
        _ dimension: Dimension, _ name: [UInt8], _ filter: Filter, in snapshot: borrowing Snapshot
    ) throws -> (first: Timestamp, last: Timestamp, total: Int64)? {
        var narrowed = filter
        narrowed.any.append(Filter.Clause(dimension, [.name(name)]))
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
        scan.forEach(in: snapshot) { _, block, row in
            let time = block.times[row]
            best = best.map { newest ? max($0, time) : min($0, time) } ?? time
        }
        return best
    }
}
