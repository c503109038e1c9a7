import Envelope
import Model
import Synchronization

/// A rule in the form in which messages are held against it. Immutable.
package final class RuleProgram: Sendable {
    /// Texts or numbers of a message.
    enum Input: Sendable {
        case dimension(Dimension)
        case field(SoughtField)

        init(_ source: Rule.Source) throws(FieldError) {
            switch source {
            case .dimension(let dimension): self = .dimension(dimension)
            case .field(let text, let each):
                self = .field(try SoughtField(text, each: each))
            }
        }

        var dimension: Dimension? { if case .dimension(let found) = self { found } else { nil } }
    }

    package let rule: Rule
    /// No other program of this process has it, whereas addresses are given again.
    package let serial: UInt64
    package let shapes: [AggregateState.Shape]
    /// A group's state without messages.
    package let nothing: GroupState
    /// Whether messages' payloads are needed, and not their columns alone.
    package let needsPayload: Bool
    /// The dimensions whose names are needed, besides topics and categories.
    package let dimensions: Set<Dimension>
    let conditions: [SoughtField]
    let keys: [Input]
    /// For each aggregate its inputs: one, or those of the newest message's texts.
    let aggregates: [[Input]]
    let names: [(dimension: Dimension, names: Set<[UInt8]>, isExcluded: Bool)]
    private let topics: [TopicPattern]
    private let excludedTopics: [TopicPattern]

    /// - Throws: what `Rule.check` says of it.
    package init(_ rule: Rule) throws(RuleError) {
        try rule.check()
        self.rule = rule
        serial = Self.serials.add(1, ordering: .relaxed).newValue
        do throws(FieldError) {
            var conditions: [SoughtField] = []
            for text in rule.conditions { conditions.append(try Self.condition(text)) }
            self.conditions = conditions
            keys = try Self.inputs(rule.keys.map(\.source))
            var aggregates: [[Input]] = []
            for aggregate in rule.aggregates {
                if case .latest(let fields) = aggregate.kind {
                    aggregates.append(try Self.inputs(fields.map(\.source)))
                } else {
                    aggregates.append(try Self.inputs(aggregate.kind.source.map { [$0] } ?? []))
                }
            }
            self.aggregates = aggregates
        } catch {
            throw RuleError(rule.name, error.description)
        }
        shapes = rule.aggregates.map { AggregateState.Shape($0.kind) }
        nothing = GroupState(count: 0, parts: shapes.map(\.nothing))
        topics = rule.topics.compactMap { TopicPattern($0) }
        excludedTopics = rule.excludedTopics.compactMap { TopicPattern($0) }
        names = rule.names.map {
            ($0.dimension, Set($0.names.map { Array($0.utf8) }), $0.isExcluded)
        }
        let inputs = keys + aggregates.flatMap { $0 }
        needsPayload = !conditions.isEmpty || inputs.contains { $0.dimension == nil }
        dimensions = Set(inputs.compactMap(\.dimension) + names.map(\.dimension))
            .subtracting([.topic, .category])
    }

    private static let serials = Atomic<UInt64>(0)

    private static func inputs(_ sources: [Rule.Source]) throws(FieldError) -> [Input] {
        var inputs: [Input] = []
        for source in sources { inputs.append(try Input(source)) }
        return inputs
    }

    /// A condition is a field that is found once for each value that the paths lead to.
    static func condition(_ text: String) throws(FieldError) -> SoughtField {
        try SoughtField("'there'", each: text)
    }

    /// Whether messages of a topic may count.
    package func wants(topic: String) -> Bool {
        let begins =
            rule.topicPrefixes.isEmpty || rule.topicPrefixes.contains(where: topic.hasPrefix)
        return begins && (topics.isEmpty || topics.contains { $0.matches(topic) })
            && !excludedTopics.contains { $0.matches(topic) }
    }

    /// The place of a key, by the word for it.
    package func key(_ word: String) -> Int? { rule.keys.firstIndex { $0.name == word } }

    /// The place of an aggregate, by the word for it.
    package func aggregate(_ word: String) -> Int? {
        rule.aggregates.firstIndex { $0.name == word }
    }
}
