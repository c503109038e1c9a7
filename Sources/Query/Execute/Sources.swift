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

    /// - Parameter levels: the bucket widths that serve the question, coarsest first.
    init(
        _ selection: Selection, levels: [Granularity],
        in snapshot: borrowing Snapshot
    ) {
        self.filter = ResolvedFilter(selection.filter, names: snapshot.names)
        span = snapshot.span(selection.range)
        folded = snapshot.folded
        end = snapshot.end
        let groups = Self.groups(self.filter, snapshot.names)
        let kept = self.filter.onlyTopics ? levels : levels.filter { $0 != .minute }
        self.groups = kept.isEmpty ? nil : groups
        split = self.groups == nil ? nil : TimeSplit(span, levels: kept)
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

    /// Calls `body` with every matching row that the rollups' buckets leave out.
    /// - Parameter reading: columns that `body` needs besides times, topics and the filter's own.
    func forEachRow(
        in snapshot: borrowing Snapshot, reading: ColumnSelection = [],
        _ body: (SegmentView, ColumnBlock, Int) -> Void
    ) {
        var wanted: ColumnSelection = [.times, .topics]
        wanted.formUnion(reading)
        if !filter.onlyTopics { wanted.formUnion(.sets) }
        let scan = { (sequences: Range<UInt64>, span: Span) in
            ColumnScan(filter: filter, sequences: sequences, span: span, wanted: wanted)
        }
        guard let split else {
            return scan(1..<end + 1, span).forEach(in: snapshot, body)
        }
        for edge in split.edges { scan(1..<folded + 1, edge).forEach(in: snapshot, body) }
        if folded < end { scan(folded + 1..<end + 1, span).forEach(in: snapshot, body) }
    }
}
