import Engine
import MessageLog
import Model

/// A filter held against one segment's own names: tests a row by table look-ups.
struct RowTest {
    private struct SetTest {
        var dimension: Dimension
        var listed: [Bool]
        var wanted: Bool
    }

    /// By local topic id; entry 0 (control records) never matches. nil: every topic matches.
    let topics: [Bool]?
    private let sets: [SetTest]
    /// No row of the segment can match.
    let impossible: Bool
    /// Per wanted clause the names of it that the segment has, with the number of their rows; those
    /// with fewest first. None where the segment keeps no postings.
    let postings: [ClauseNames]
    /// Per clause of names that a row must not have, those that the segment has.
    let refused: [ClauseNames]

    struct ClauseNames {
        var dimension: Dimension
        var ids: [UInt32]
        /// Counted once for each name that they have.
        var rows = 0
    }

    init(_ filter: ResolvedFilter, _ view: SegmentView) throws(EngineError) {
        let columns = view.segment.columns
        let names = columns.names
        var impossible = false
        var postings: [ClauseNames] = []
        var refused: [ClauseNames] = []
        let consider = { (dimension: Dimension, ids: [UInt32]) in
            var rows = 0
            for id in ids {
                guard let own = columns.occurrences(dimension, id) else { return }
                rows += own
            }
            postings.append(ClauseNames(dimension: dimension, ids: ids, rows: rows))
        }
        if let matching = filter.topics {
            let globals = try view.globals(of: .topic)
            let count = names.count(of: .topic)
            var listed = Array(repeating: false, count: count + 1)
            for id in stride(from: 1, through: count, by: 1) {
                listed[id] = matching.hasSorted(globals[id])
            }
            let ids = listed.indices.filter { listed[$0] }.map { UInt32($0) }
            if ids.isEmpty { impossible = true } else { consider(.topic, ids) }
            topics = listed
        } else {
            topics = nil
        }
        var sets: [SetTest] = []
        for (clause, wanted) in filter.wanted.map({ ($0, true) })
            + filter.refused.map({ ($0, false) })
        {
            let ids = clause.names.compactMap { names.find(clause.dimension, $0) }
            if ids.isEmpty {
                if wanted { impossible = true }
                continue
            }
            var listed = Array(repeating: false, count: names.count(of: clause.dimension) + 1)
            for id in ids { listed[Int(id)] = true }
            sets.append(SetTest(dimension: clause.dimension, listed: listed, wanted: wanted))
            let different = Array(Set(ids))
            if wanted {
                consider(clause.dimension, different)
            } else {
                refused.append(ClauseNames(dimension: clause.dimension, ids: different))
            }
        }
        self.sets = sets
        self.impossible = impossible
        postings.sort { $0.rows < $1.rows }
        self.postings = postings
        self.refused = refused
    }

    /// The same test for the rows of one block, or nil where none of them can match.
    func held(against block: ColumnBlock) -> BlockTest? {
        var bound: [BlockTest.BoundSet] = []
        for set in sets {
            if let names = block.set(of: set.dimension) {
                bound.append(
                    BlockTest.BoundSet(names: names, listed: set.listed, wanted: set.wanted))
            } else if set.wanted {
                return nil
            }
        }
        return BlockTest(topicIDs: block.topics, topics: topics, sets: bound)
    }
}

/// A filter held against one block: tests rows by table look-ups.
struct BlockTest {
    struct BoundSet {
        var names: NameSet
        /// By local id.
        var listed: [Bool]
        /// Whether a row must meet the list, or must not.
        var wanted: Bool

        func meets(_ row: Int) -> Bool {
            for position in Int(names.offsets[row])..<Int(names.offsets[row + 1])
            where listed[Int(names.ids[position])] {
                return true
            }
            return false
        }
    }

    fileprivate let topicIDs: [UInt32]
    fileprivate let topics: [Bool]?
    fileprivate let sets: [BoundSet]

    /// Whether a row matches, its time apart.
    func accepts(_ row: Int) -> Bool {
        let topic = Int(topicIDs[row])
        if let topics {
            if !topics[topic] { return false }
        } else if topic == 0 {
            return false
        }
        for set in sets where set.meets(row) != set.wanted { return false }
        return true
    }
}

/// Reads matching rows from columns, a block at a time, skipping blocks by their times.
struct ColumnScan {
    let filter: ResolvedFilter
    /// Which rows, by sequence.
    let sequences: Range<UInt64>
    let span: Span
    let wanted: ColumnSelection

    /// Calls `body` with every matching row: its segment, its block, and its place in the block.
    func forEach(
        in snapshot: borrowing Snapshot,
        _ body: (SegmentView, ColumnBlock, Int) throws -> Void
    ) throws {
        try forEachBlock(in: snapshot) { view, search, index in
            try snapshot.checkStopped()
            guard let (block, places) = search.block(index, reading: wanted) else { return }
            let first = view.segment.firstSequence + UInt64(block.firstRow)
            for place in places where sequences.contains(first + UInt64(place)) {
                try body(view, block, place)
            }
        }
    }

    /// How many segments and blocks are read: the work, before it is done.
    func estimate(in snapshot: borrowing Snapshot) throws -> (segments: Int, blocks: Int) {
        var segments: Set<UInt64> = []
        var blocks = 0
        try forEachBlock(in: snapshot) { view, _, _ in
            segments.insert(view.segment.key)
            blocks += 1
        }
        return (segments.count, blocks)
    }

    /// Calls `body` with every block that may have matching rows.
    private func forEachBlock(
        in snapshot: borrowing Snapshot,
        _ body: (SegmentView, inout SegmentSearch, _ block: Int) throws -> Void
    ) throws {
        if span.isEmpty || sequences.isEmpty { return }
        for view in snapshot.segments {
            let first = view.segment.firstSequence
            guard view.lastSequence >= sequences.lowerBound, first < sequences.upperBound,
                var search = try SegmentSearch(view, filter, span)
            else { continue }
            let lower = Int(max(sequences.lowerBound, first) - first)
            let upper = Int(min(sequences.upperBound, view.lastSequence + 1) - first)
            search.keep(rows: lower..<upper)
            while let (index, _) = search.next() { try body(view, &search, index) }
        }
    }
}

extension [UInt32] {
    /// Whether a value is among these, which are in ascending order.
    fileprivate func hasSorted(_ value: UInt32) -> Bool {
        let place = firstPlace(from: value)
        return place < count && self[place] == value
    }
}
