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
        if dimension == .category {
            let ranked = categories(&tally, names)
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
        if dimension == .category { return Int64(categories(&tally, snapshot.names).count) }
        return Int64(tally.distinct())
    }

    /// Counts per global id of `dimension`; for categories, per topic.
    private static func tally(
        _ dimension: Dimension, _ selection: Selection, in snapshot: borrowing Snapshot
    ) throws -> Accumulator {
        let counted = dimension == .category ? Dimension.topic : dimension
        var sources = AnswerSources(selection, levels: [.hour], in: snapshot)
        let member = TallyMember(counted)
        if !keepsTallies(of: member, sources.filter) { sources = sources.fromColumns }
        var tally = Accumulator()
        if let member, let groups = sources.groups, let split = sources.split {
            for piece in split.pieces {
                try add(groups, member, piece, sources.filter, snapshot, to: &tally)
            }
        }
        addRows(counted, sources, snapshot, to: &tally)
        return tally
    }

    /// Whether the rollups keep how often names of `member` occur in what `filter` selects.
    private static func keepsTallies(of member: TallyMember?, _ filter: ResolvedFilter) -> Bool {
        guard let member else { return false }
        return filter.onlyTopics || member == .topic
    }

    private static func add(
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
            let whole: TallyGroup
            switch group {
            case .all: whole = .all
            case .topic(let id): whole = .topic(id)
            case .user(let id): whole = .user(id)
            case .package(let id): whole = .package(id)
            case .userTopic, .packageTopic:
                preconditionFailure("a history is only asked for its topics")
            }
            try snapshot.rollups.addTally(whole, of: member, hours: piece.buckets, into: &tally)
        }
    }

    /// Adds the rows that the tallies leave out.
    private static func addRows(
        _ dimension: Dimension, _ sources: AnswerSources, _ snapshot: borrowing Snapshot,
        to tally: inout Accumulator
    ) {
        tally.prepare(upTo: UInt32(snapshot.names.count(dimension)))
        let needed: ColumnSelection = dimension == .topic ? [] : .set(of: dimension)
        var mapped: (segment: UInt64, globals: [UInt32]) = (0, [])
        sources.forEachRow(in: snapshot, reading: needed) { view, block, row in
            if mapped.segment != view.segment.firstSequence {
                mapped = (view.segment.firstSequence, view.names.globals(of: dimension))
            }
            if dimension == .topic {
                tally.add(messages: 1, to: mapped.globals[Int(block.topics[row])])
            } else if let set = block.set(of: dimension) {
                for local in set.ids(ofRow: row) {
                    tally.add(messages: 1, to: mapped.globals[Int(local)])
                }
            }
        }
    }

    private static func categories(
        _ tally: inout Accumulator, _ names: NameTable
    ) -> [(name: [UInt8], count: Int64)] {
        var counts: [[UInt8]: Int64] = [:]
        tally.forEach { id, count in
            let topic = String(decoding: names.text(.topic, id), as: UTF8.self)
            counts[Array(Category.of(topic: topic).utf8), default: 0] += Int64(count)
        }
        return counts.map { (name: $0.key, count: $0.value) }
    }

    private static func precedes(
        _ left: (name: [UInt8], count: Int64), _ right: (name: [UInt8], count: Int64)
    ) -> Bool {
        left.count != right.count
            ? left.count > right.count : left.name.lexicographicallyPrecedes(right.name)
    }
}

extension TallyMember {
    /// The members that rollups count; nil for every other dimension.
    fileprivate init?(_ dimension: Dimension) {
        switch dimension {
        case .topic: self = .topic
        case .user: self = .user
        case .package: self = .package
        default: return nil
        }
    }
}
