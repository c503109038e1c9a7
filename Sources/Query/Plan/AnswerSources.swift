import Engine
import MessageLog
import Model
import Rollup

/// Where an answer comes from: whole buckets of the rollups, and rows of the columns.
///
/// The rollups cover the sequences up to `folded`. From columns come the range's edges there, and
/// every row behind `folded`; or everything, where the rollups keep no tally for the filter.
struct AnswerSources {
    let filter: ResolvedFilter
    let span: Span
    /// The tallies to add up, or nil where only columns can answer.
    private(set) var groups: [SeriesGroup]?
    private(set) var split: TimeSplit?
    private let folded: UInt64
    private let end: UInt64

    /// - Parameters:
    ///   - levels: the bucket widths that serve the question, coarsest first.
    ///   - boundaries: moments within `span` that divide stored buckets where they fall into one.
    init(
        _ selection: Selection, levels: [Granularity],
        boundaries: (Span) -> [Int64] = { _ in [] },
        in snapshot: borrowing Snapshot
    ) {
        self.filter = ResolvedFilter(selection.filter, names: snapshot.names)
        span = snapshot.span(selection.range)
        folded = snapshot.folded
        end = snapshot.end
        let groups = Self.groups(self.filter, snapshot.names)
        let kept = self.filter.onlyTopics ? levels : levels.filter { $0 != .minute }
        self.groups = kept.isEmpty ? nil : groups
        split =
            self.groups == nil
            ? nil
            : TimeSplit(
                span, levels: kept, boundaries: boundaries(span),
                minutesFrom: snapshot.rollups.minutesFrom)
    }

    /// The same answer, read from columns alone.
    var fromColumns: AnswerSources {
        var sources = self
        sources.groups = nil
        sources.split = nil
        return sources
    }

    /// Past this many topics a user's or a package's history is read from columns instead.
    private static let historyTopicsMax = 32

    private static func groups(_ filter: ResolvedFilter, _ names: NameTable) -> [SeriesGroup]? {
        if filter.onlyTopics {
            return filter.topics.map { $0.map { .topic($0) } } ?? [.all]
        }
        guard let history = filter.historyGroup(names) else { return nil }
        guard let topics = filter.topics else {
            switch history {
            case .user(let id): return [.user(id)]
            case .package(let id): return [.package(id)]
            }
        }
        guard topics.count <= historyTopicsMax else { return nil }
        return topics.map { topic in
            switch history {
            case .user(let id): .userTopic(user: id, topic: topic)
            case .package(let id): .packageTopic(package: id, topic: topic)
            }
        }
    }

    /// Whether the rollups keep how often names of `member` occur in what the filter selects.
    func keepsTallies(of member: TallyMember?) -> Bool {
        guard let member else { return false }
        return filter.onlyTopics || member == .topic
    }

    /// The scans for the rows that the rollups' buckets leave out.
    /// - Parameter reading: columns that are needed besides times, topics and the filter's own.
    func scans(reading: ColumnSelection = []) -> [ColumnScan] {
        // Most questions are of whole buckets, and up to date.
        if let split, split.edges.isEmpty, folded >= end { return [] }
        let wanted = filter.columns.union(reading).union(.times)
        let scan = { (sequences: Range<UInt64>, span: Span) in
            ColumnScan(filter: filter, sequences: sequences, span: span, wanted: wanted)
        }
        guard let split else { return [scan(1..<end + 1, span)] }
        let behind = folded < end ? [scan(folded + 1..<end + 1, span)] : []
        return split.edges.map { scan(1..<folded + 1, $0) } + behind
    }

    /// Calls `body` with every matching row that the rollups' buckets leave out.
    func forEachRow(
        in snapshot: borrowing Snapshot, reading: ColumnSelection = [],
        _ body: (SegmentView, ColumnBlock, Int) throws -> Void
    ) throws {
        for scan in scans(reading: reading) { try scan.forEach(in: snapshot, body) }
    }

    /// Calls `body` with the global id and the time of every name that such a row has.
    func forEachName(
        of dimension: Dimension, in snapshot: borrowing Snapshot,
        _ body: (_ id: UInt32, _ time: Int64) throws -> Void
    ) throws {
        let needed: ColumnSelection = dimension == .topic ? [] : .set(of: dimension)
        var mapped: (segment: UInt64, globals: [UInt32]) = (0, [])
        try forEachRow(in: snapshot, reading: needed) { view, block, row in
            if mapped.segment != view.segment.firstSequence {
                mapped = (view.segment.firstSequence, try view.globals(of: dimension))
            }
            let time = block.times[row]
            if dimension == .topic {
                try body(mapped.globals[Int(block.topics[row])], time)
            } else if let set = block.set(of: dimension) {
                for local in set.ids(ofRow: row) { try body(mapped.globals[Int(local)], time) }
            }
        }
    }
}

extension AnswerSources {
    /// Where a series' counts come from.
    /// - Parameter levels: the stored widths that the tallies have, coarsest first.
    init(
        _ question: SeriesQuestion, _ layout: SeriesLayout,
        levels: [Granularity] = [.day, .hour, .minute], in snapshot: borrowing Snapshot
    ) {
        var selection = question.selection
        // Windows may leave out the range's ends.
        if question.grid.windows != nil {
            selection.range = TimeRange(lower: layout.span.start, upper: layout.span.end)
        }
        self.init(
            selection, levels: layout.grid.levels(levels),
            boundaries: { layout.grid.boundaries(within: $0) }, in: snapshot)
    }
}

extension BucketGrid {
    /// Those of the stored widths whose buckets can lie within buckets of this grid.
    fileprivate func levels(_ levels: [Granularity]) -> [Granularity] {
        guard let width = fixedSeconds else { return levels }
        return levels.filter { width % $0.seconds == 0 && fixedStart % $0.seconds == 0 }
    }

    /// Where buckets of this grid can divide stored ones: the starts of calendar buckets, in
    /// microseconds, where a zone may have moved them.
    fileprivate func boundaries(within span: Span) -> [Int64] {
        guard fixedSeconds == nil, zone != .utc else { return [] }
        return numbers(from: span.start, to: span.end).map { start(of: $0).microseconds }
    }
}

extension TallyMember {
    /// The members that rollups count; nil for every other dimension.
    init?(_ dimension: Dimension) {
        switch dimension {
        case .topic: self = .topic
        case .user: self = .user
        case .package: self = .package
        default: return nil
        }
    }
}

extension SeriesGroup {
    /// The group whose members are counted together; nil where only numbers are kept.
    var tallied: TallyGroup? {
        switch self {
        case .all: .all
        case .topic(let id): .topic(id)
        case .user(let id): .user(id)
        case .package(let id): .package(id)
        case .userTopic, .packageTopic: nil
        }
    }
}
