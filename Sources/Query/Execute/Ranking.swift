import Engine
import MessageLog
import Model
import Rollup

/// TOP and DISTINCT: which names the matching messages have, and how often.
enum Ranking {
    /// The names of a dimension with the number of matching messages that have them, by count
    /// (largest first), then by name.
    static func top(
        _ question: TopQuestion, in snapshot: borrowing Snapshot
    ) throws -> [(name: [UInt8], count: Int64)] {
        let dimension = question.dimension
        let names = snapshot.names
        var tally = try tally(dimension, question.selection, in: snapshot)
        if dimension != dimension.counted || question.level != nil {
            var labels = GroupLabels(dimension, level: question.level, names)
            let ranked = labelled(&tally, &labels)
                .filter { !question.except.contains($0.name) }.sorted(by: precedes)
            return question.limit.map { Array(ranked.prefix($0)) } ?? ranked
        }
        // Names that are left out take their places in the list before they go.
        let dropped = Set(question.except.compactMap { names.id(dimension, $0) })
        let wanted = question.limit.map { $0 + dropped.count } ?? Int.max
        let ranked = tally.top(wanted) { names.precedes(dimension, $0, $1) }
            .filter { dropped.isEmpty || !dropped.contains($0.id) }
        return ranked.prefix(question.limit ?? ranked.count)
            .map { (name: names.text(dimension, $0.id), count: Int64($0.count)) }
    }

    /// The number of names of `dimension` that matching messages have.
    static func distinct(
        _ dimension: Dimension, _ selection: Selection, in snapshot: borrowing Snapshot
    ) throws -> Int64 {
        var tally = try tally(dimension, selection, in: snapshot)
        guard dimension != dimension.counted else { return Int64(tally.distinct()) }
        var labels = GroupLabels(dimension, level: nil, snapshot.names)
        return Int64(labelled(&tally, &labels).count)
    }

    /// Counts per global id of the names that are counted for `dimension`.
    static func tally(
        _ dimension: Dimension, _ selection: Selection, in snapshot: borrowing Snapshot
    ) throws -> Accumulator {
        let counted = dimension.counted
        let sources = sources(dimension, selection, in: snapshot)
        var tally = Accumulator()
        if let member = TallyMember(counted), let groups = sources.groups, let split = sources.split
        {
            for piece in split.pieces {
                try add(groups, member, piece, sources.filter, snapshot, to: &tally)
            }
        }
        tally.prepare(upTo: UInt32(snapshot.names.count(counted)))
        try sources.forEachName(of: counted, in: snapshot) { id, _ in
            tally.add(messages: 1, to: id)
        }
        return tally
    }

    /// Where the counts of names come from.
    static func sources(
        _ dimension: Dimension, _ selection: Selection, in snapshot: borrowing Snapshot
    ) -> AnswerSources {
        let sources = AnswerSources(selection, levels: [.hour], in: snapshot)
        let member = TallyMember(dimension.counted)
        return sources.keepsTallies(of: member) ? sources : sources.fromColumns
    }

    /// Adds the tallies of a piece's hours.
    static func add(
        _ groups: [SeriesGroup], _ member: TallyMember, _ piece: TimeSplit.Piece,
        _ filter: ResolvedFilter, _ snapshot: borrowing Snapshot, to tally: inout Accumulator
    ) throws(RollupError) {
        // Topics of certain topics: each one's own count.
        if member == .topic, let topics = filter.topics {
            tally.prepare(upTo: topics.last ?? 0)
            for (topic, group) in zip(topics, groups) {
                let count = try snapshot.rollups.count(group, hours: piece.buckets)
                if count > 0 { tally.add(messages: count, to: topic) }
            }
            return
        }
        for group in groups {
            guard let whole = group.tallied else {
                preconditionFailure("a history is only asked for its topics")
            }
            try snapshot.rollups.addTally(whole, of: member, hours: piece.buckets, into: &tally)
        }
    }

    private static func labelled(
        _ tally: inout Accumulator, _ labels: inout GroupLabels
    ) -> [(name: [UInt8], count: Int64)] {
        var counts: [Int: Int64] = [:]
        tally.forEach { id, count in counts[labels.label(of: id), default: 0] += Int64(count) }
        return counts.map { (name: labels.name($0.key), count: $0.value) }
    }

    /// By count, most first, then by name.
    static func precedes(
        _ left: (name: [UInt8], count: Int64), _ right: (name: [UInt8], count: Int64)
    ) -> Bool {
        left.count != right.count
            ? left.count > right.count : left.name.lexicographicallyPrecedes(right.name)
    }
}
