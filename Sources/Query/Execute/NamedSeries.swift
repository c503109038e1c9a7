import Engine
import MessageLog
import Model
import Rollup

/// SERIES ... BY: one series for each name.
enum NamedSeries {
    static func series(
        _ grouping: Grouping, _ question: SeriesQuestion, in snapshot: borrowing Snapshot
    ) throws -> [(name: [UInt8], pairs: [(Int64, Int64)])] {
        let layout = try SeriesLayout(question, snapshot.span(question.selection.range))
        var cells = NamedCells(GroupLabels(grouping, snapshot.names))
        try gather(grouping, question, layout, in: snapshot, into: &cells)
        let named = cells.series
        // Few counts can still fill many buckets, with zeros or with windows that overlap.
        if layout.keepsEmpty || layout.hasWindows {
            try NamedCells.check(named.count * layout.listedCount)
        }
        var ranked: [(name: [UInt8], pairs: [(Int64, Int64)], total: Int64)] = []
        for (name, own) in named {
            try snapshot.checkStopped()
            let pairs = layout.pairs(of: own)
            let total = pairs.reduce(0) { $0 + $1.1 }
            if total > 0 { ranked.append((name, pairs, total)) }
        }
        ranked.sort {
            Ranking.precedes(($0.name, $0.total), ($1.name, $1.total))
        }
        return ranked.prefix(grouping.limit).map { (name: $0.name, pairs: $0.pairs) }
    }

    private static func gather(
        _ grouping: Grouping, _ question: SeriesQuestion, _ layout: SeriesLayout,
        in snapshot: borrowing Snapshot, into cells: inout NamedCells
    ) throws {
        let counted = grouping.dimension.counted
        let sources = sources(grouping, question, layout, in: snapshot)
        let filter = sources.filter
        let byTopic = counted == .topic && filter.onlyTopics
        var finder = BucketFinder(layout.grid, layout.numbers)
        for piece in sources.split?.pieces ?? [] {
            if byTopic {
                let topics = filter.topics ?? snapshot.names.ids(of: .topic)
                for topic in topics {
                    let counts = try snapshot.counts(of: [.topic(topic)], piece)
                    let width = piece.granularity.microseconds
                    for (place, count) in counts.enumerated() where count > 0 {
                        let time = (piece.buckets.lowerBound + Int64(place)) * width
                        try cells.add(count, topic, finder.index(of: time))
                    }
                }
            } else if let member = TallyMember(counted), let groups = sources.groups {
                try add(groups, member, piece, filter, layout, snapshot, to: &cells)
            }
        }
        try sources.forEachName(of: counted, in: snapshot) { id, time in
            try cells.add(1, id, finder.index(of: time))
        }
    }

    /// Where the counts come from.
    static func sources(
        _ grouping: Grouping, _ question: SeriesQuestion, _ layout: SeriesLayout,
        in snapshot: borrowing Snapshot
    ) -> AnswerSources {
        let member = TallyMember(grouping.dimension.counted)
        // A topic's own series has every width; other tallies are kept per hour.
        if member == .topic {
            let fine = AnswerSources(question, layout, in: snapshot)
            if fine.filter.onlyTopics { return fine }
        }
        let coarse = AnswerSources(question, layout, levels: [.hour], in: snapshot)
        return coarse.keepsTallies(of: member) ? coarse : coarse.fromColumns
    }

    /// Adds the tallies of a piece's hours, bucket by bucket.
    private static func add(
        _ groups: [SeriesGroup], _ member: TallyMember, _ piece: TimeSplit.Piece,
        _ filter: ResolvedFilter, _ layout: SeriesLayout, _ snapshot: borrowing Snapshot,
        to cells: inout NamedCells
    ) throws {
        let hour = piece.granularity.microseconds
        let first = layout.grid.number(
            of: Timestamp(microseconds: piece.buckets.lowerBound * hour))
        let last = layout.grid.number(
            of: Timestamp(microseconds: piece.buckets.upperBound * hour - 1))
        for number in first...last {
            let lower = layout.grid.start(of: number).microseconds.floorDivided(by: hour)
            let upper = layout.grid.start(of: number + 1).microseconds.floorDivided(by: hour)
            let hours = (lower..<upper).clamped(to: piece.buckets)
            if hours.isEmpty { continue }
            try snapshot.checkStopped()
            var tally = Accumulator()
            let own = TimeSplit.Piece(granularity: piece.granularity, buckets: hours)
            try Ranking.add(groups, member, own, filter, snapshot, to: &tally)
            var failure: RequestError?
            tally.forEach { id, count in
                do throws(RequestError) {
                    try cells.add(Int64(count), id, Int(number - layout.numbers.lowerBound))
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
        }
    }
}

/// Counts per name and bucket, where most are zero.
struct NamedCells {
    private struct Key: Hashable {
        var label: Int
        var bucket: Int
    }

    private var labels: GroupLabels
    private var counts: [Key: Int64] = [:]

    init(_ labels: GroupLabels) { self.labels = labels }

    mutating func add(_ count: Int64, _ id: UInt32, _ bucket: Int) throws(RequestError) {
        counts[Key(label: labels.label(of: id), bucket: bucket), default: 0] += count
        try Self.check(counts.count)
    }

    static func check(_ count: Int) throws(RequestError) {
        guard count > Limits.seriesCellsMax else { return }
        throw RequestError(
            "SERIES would have more than \(Limits.seriesCellsMax) counts of a name in a "
                + "bucket; take wider buckets, a shorter range or fewer names")
    }

    /// The names with their buckets, in order of time.
    var series: [(name: [UInt8], cells: [(bucket: Int, count: Int64)])] {
        var byLabel: [[(bucket: Int, count: Int64)]] = Array(repeating: [], count: labels.count)
        for (key, count) in counts { byLabel[key.label].append((key.bucket, count)) }
        return byLabel.enumerated().map { label, cells in
            (labels.name(label), cells.sorted { $0.bucket < $1.bucket })
        }
    }
}

extension SeriesLayout {
    /// The same of counts that are mostly zero, in order.
    func pairs(of cells: [(bucket: Int, count: Int64)]) -> [(Int64, Int64)] {
        if !keepsEmpty && !hasWindows { return cells.map { (listed($0.bucket).start, $0.count) } }
        var counts = Array(repeating: Int64(0), count: numbers.count)
        for cell in cells { counts[cell.bucket] = cell.count }
        return pairs(counts)
    }
}
