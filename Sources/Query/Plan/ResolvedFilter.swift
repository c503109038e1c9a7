import Engine
import MessageLog
import Model
import Rollup

/// A filter held against the store's names: which topics match, and which names a message must and
/// must not have.
struct ResolvedFilter {
    /// The topics that match, as global ids in ascending order; nil where every topic does.
    var topics: [UInt32]?
    /// Per dimension, names of which a message must have at least one.
    var wanted: [Filter.Clause]
    /// Those names' global ids; a name that the store does not have has none.
    private let wantedIDs: [[UInt32]]
    /// Per dimension, names of which a message must have none.
    var refused: [Filter.Clause]

    init(_ filter: Filter, names: NameTable) {
        let topicRule = TopicRule(filter)
        topics = topicRule.acceptsAll ? nil : topicRule.matching(names)
        let wanted = filter.any.filter { !$0.dimension.isOfTopics }
        self.wanted = wanted
        wantedIDs = wanted.map { clause in
            clause.names.compactMap { names.id(clause.dimension, $0) }
        }
        refused = filter.none.filter { !$0.dimension.isOfTopics }
    }

    /// Whether a segment may have the names that a matching message needs.
    func mayMatch(_ view: SegmentView) -> Bool {
        (topics.map { view.mayHaveAny(.topic, $0) } ?? true)
            && zip(wanted, wantedIDs).allSatisfy { view.mayHaveAny($0.dimension, $1) }
    }

    /// The columns that a row is tested by.
    var columns: ColumnSelection { onlyTopics ? .topics : .topics.union(.sets) }

    /// Whether the filter only speaks of topics, so that tallies over topics answer it.
    var onlyTopics: Bool { wanted.isEmpty && refused.isEmpty }

    /// The one user or package that a matching message must have, where that is all the filter
    /// asks besides topics: such a history is kept in the rollups.
    func historyGroup(_ names: NameTable) -> HistoryGroup? {
        guard refused.isEmpty, wanted.count == 1, let clause = wanted.first,
            clause.names.count == 1, let name = clause.names.first
        else { return nil }
        // A name that is unknown has id 0 and an empty history.
        let id = names.id(clause.dimension, name) ?? 0
        switch clause.dimension {
        case .user: return .user(id)
        case .package: return .package(id)
        default: return nil
        }
    }
}

/// Whose history is asked for.
enum HistoryGroup {
    case user(UInt32)
    case package(UInt32)

    var id: UInt32 {
        switch self {
        case .user(let id), .package(let id): id
        }
    }
}

/// The part of a filter that a topic alone decides: topics, prefixes and categories, wanted or not.
struct TopicRule {
    private let wanted: [Filter.Clause]
    private let refused: [Filter.Clause]

    init(_ filter: Filter) {
        wanted = filter.any.filter { $0.dimension.isOfTopics }
        refused = filter.none.filter { $0.dimension.isOfTopics }
    }

    var acceptsAll: Bool { wanted.isEmpty && refused.isEmpty }

    func accepts(_ topic: [UInt8]) -> Bool {
        wanted.allSatisfy { $0.isMet(byTopic: topic) }
            && !refused.contains { $0.isMet(byTopic: topic) }
    }

    /// The known topics that match, ascending.
    func matching(_ names: NameTable) -> [UInt32] {
        if let candidates = wholeTopics {
            // A set, for a topic that the filter lists twice counts once.
            return Set(candidates.filter(accepts).compactMap { names.id(.topic, $0) }).sorted()
        }
        return names.ids(of: .topic).filter { accepts(names.text(.topic, $0)) }
    }

    /// Where the filter names whole topics only, those: no other topic can match.
    private var wholeTopics: [[UInt8]]? {
        guard let listed = wanted.first(where: { $0.dimension == .topic }) else { return nil }
        var whole: [[UInt8]] = []
        for pattern in listed.patterns {
            guard case .name(let name) = pattern else { return nil }
            whole.append(name)
        }
        return whole
    }
}

extension Dimension {
    /// Whether a message's topic alone decides its names in this dimension.
    fileprivate var isOfTopics: Bool { self == .topic || self == .category }
}

extension Filter.Clause {
    fileprivate func isMet(byTopic topic: [UInt8]) -> Bool {
        let name = dimension == .category ? Category.of(topic: topic) : topic
        return patterns.contains { $0.matches(name) }
    }

    /// The names that the clause lists; only topics have patterns that are no names.
    var names: [[UInt8]] {
        patterns.map {
            switch $0 {
            case .name(let bytes), .prefix(let bytes): bytes
            }
        }
    }
}

extension NameTable {
    /// All ids of `dimension`, ascending.
    func ids(of dimension: Dimension) -> [UInt32] {
        Array(stride(from: 1, through: UInt32(count(dimension)), by: 1))
    }
}

extension SeenQuestion {
    /// The filter that only messages with the name pass.
    var narrowed: Filter {
        var narrowed = filter
        narrowed.any.append(Filter.Clause(dimension, [.name(name)]))
        return narrowed
    }
}
