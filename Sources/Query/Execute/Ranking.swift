import Engine
import MessageLog
import Model
import Rollup

/// TOP and DISTINCT: which names the matching messages have, and how often.
enum Ranking {
    /// The names of `dimension` with the number of matching messages that have them, by count
    /// (largest first), then by name.
    static func top(
        _ question: TopQuestion, in snapshot: borrowing Snapshot
    ) -> [(name: [UInt8], count: Int64)] {
        let dimension = question.dimension
        let limit = question.limit
        let tally = tally(dimension, question.selection, in: snapshot)
        let dropped = Set(question.except)
        if dimension == .category {
            let ranked = categories(tally, snapshot.names).filter { !dropped.contains($0.name) }
                .sorted(by: precedes)
            return limit.map { Array(ranked.prefix($0)) } ?? ranked
        }
        let droppedIDs = Set(question.except.compactMap { snapshot.names.id(dimension, $0) })
        return ranked(tally, dimension, limit: limit, without: droppedIDs, snapshot.names)
    }

    /// The number of names of `dimension` that matching messages have.
    static func distinct(
        _ dimension: Dimension, _ selection: Selection, in snapshot: borrowing Snapshot
    ) -> Int64 {
        let tally = tally(dimension, selection, in: snapshot)
        if dimension == .category { return Int64(categories(tally, snapshot.names).count) }
        return Int64(tally.touched.count)
    }

    /// Counts per global id of `dimension`; for categories, per topic.
    static func tally(
        _ dimension: Dimension, _ selection: Selection, in snapshot: borrowing Snapshot
    ) -> Accumulator {
        let member = dimension == .category ? Dimension.topic : dimension
        var sources = AnswerSources(selection, levels: [.hour], in: snapshot)
        if !keepsTallies(of: member, sources.filter) { sources = sources.fromColumns }
        var tally = Accumulator()
        if let groups = sources.groups, let split = sources.split {
            snapshot.withRollups { view in
                for piece in split.pieces {
                    add(groups, member, piece.buckets, view, sources.filter, &tally)
                }
            }
        }
        let needed: ColumnSelection = member == .topic ? [] : .sets
        var mapped: (segment: UInt64, globals: [UInt32]) = (0, [])
        sources.forEachRow(in: snapshot, reading: needed) { view, block, row in
            if mapped.segment != view.segment.firstSequence {
                mapped = (view.segment.firstSequence, view.names.globals(of: member))
            }
            if member == .topic {
                tally.add(1, to: mapped.globals[Int(block.topics[row])])
            } else if let set = block.set(of: member) {
                for position in set.offsets[row]..<set.offsets[row + 1] {
                    tally.add(1, to: mapped.globals[Int(set.ids[Int(position)])])
                }
            }
        }
        return tally
    }

    /// Whether the rollups keep how often names of `member` occur in what `filter` selects.
    private static func keepsTallies(of member: Dimension, _ filter: ResolvedFilter) -> Bool {
        if filter.onlyTopics { return [.topic, .user, .package].contains(member) }
        return member == .topic
    }

    private static func add(
        _ groups: [SeriesGroup], _ member: Dimension, _ hours: Range<Int64>,
        _ view: borrowing RollupView, _ filter: ResolvedFilter, _ tally: inout Accumulator
    ) {
        // Topics of topics: one tally over all of them, cut down to those that match.
        if member == .topic, let topics = filter.topics {
            for (topic, group) in zip(topics, groups) {
                var counts = Array(repeating: UInt64(0), count: hours.count)
                view.addSeries(group, .hour, buckets: hours, into: &counts)
                let total = counts.reduce(0, +)
                if total > 0 { tally.add(total, to: topic) }
            }
            return
        }
        for group in groups {
            switch group {
            case .all: view.addTally(.all, of: member, hours: hours, into: &tally)
            case .topic(let id): view.addTally(.topic(id), of: member, hours: hours, into: &tally)
            case .user(let id): view.addTally(.user(id), of: member, hours: hours, into: &tally)
            case .package(let id):
                view.addTally(.package(id), of: member, hours: hours, into: &tally)
            case .userTopic, .packageTopic:
                preconditionFailure("a history's topics are tallied one by one")
            }
        }
    }

    private static func categories(
        _ tally: Accumulator, _ names: NameTable
    ) -> [(name: [UInt8], count: Int64)] {
        var counts: [[UInt8]: Int64] = [:]
        for id in tally.touched {
            let topic = String(decoding: names.text(.topic, id), as: UTF8.self)
            counts[Array(Category.of(topic: topic).utf8), default: 0] += Int64(tally[id])
        }
        return counts.map { (name: $0.key, count: $0.value) }
    }

    private static func ranked(
        _ tally: Accumulator, _ dimension: Dimension, limit: Int?, without dropped: Set<UInt32>,
        _ names: NameTable
    ) -> [(name: [UInt8], count: Int64)] {
        var ids = tally.touched
        if !dropped.isEmpty { ids.removeAll { dropped.contains($0) } }
        if let limit, ids.count > limit {
            // Everything that could be among the first `limit`: ties at the edge are kept, since
            // names settle them.
            let threshold = tally.threshold(limit, of: ids)
            ids.removeAll { tally[$0] < threshold }
        }
        let all = ids.map { (name: names.text(dimension, $0), count: Int64(tally[$0])) }
            .sorted(by: precedes)
        return limit.map { Array(all.prefix($0)) } ?? all
    }

    private static func precedes(
        _ left: (name: [UInt8], count: Int64), _ right: (name: [UInt8], count: Int64)
    ) -> Bool {
        left.count != right.count
            ? left.count > right.count : left.name.lexicographicallyPrecedes(right.name)
    }
}
