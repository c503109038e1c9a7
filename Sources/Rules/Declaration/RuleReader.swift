import Envelope
import Model

/// Reads rules from YAML; docs/rules.md says what may stand there.
package struct RuleReader {
    private let file: String
    /// Where each key stands, by the keys that lead to it.
    private var lines: [String: Int] = [:]

    static let keys = [
        "topics", "topic-prefixes", "not-topics", "where", "users", "not-users", "packages",
        "not-packages", "agents", "not-agents", "objects", "not-objects", "signatures",
        "not-signatures", "categories", "not-categories", "keys", "aggregates", "granularities",
        "retention", "groups-max",
    ]

    /// The rules of the file at `path`.
    package static func rules(inFile path: String) throws(ConfigurationError) -> [Rule] {
        try rules(try ConfigurationFile.read(path), file: path)
    }

    /// - Parameters:
    ///   - text: a file's bytes: the key `rules`, with rules by their names.
    ///   - file: how the file is called in errors.
    package static func rules(
        _ text: [UInt8], file: String
    ) throws(ConfigurationError) -> [Rule] {
        let reader = RuleReader(file: file)
        let root = try reader.root(text)
        guard case .mapping(let pairs) = root.value else {
            throw reader.wrong(root, nil, "A file of rules has the key rules.")
        }
        var rules: [Rule] = []
        var isThere = false
        for (key, node) in pairs {
            let word = try reader.word(key, nil)
            guard word == "rules" else {
                throw reader.wrong(key, word, "There is no such key; accepted is rules.")
            }
            isThere = true
            rules += try reader.named(node, "rules")
        }
        guard isThere else { throw reader.wrong(root, nil, "A file of rules has the key rules.") }
        return rules
    }

    /// The one rule of a text: its name as the only key, and the rule itself as the value.
    package static func rule(_ text: [UInt8], file: String) throws(ConfigurationError) -> Rule {
        let reader = RuleReader(file: file)
        let root = try reader.root(text)
        let found = try reader.named(root, nil)
        guard let rule = found.first, found.count == 1 else {
            throw reader.wrong(root, nil, "Accepted is one rule by its name.")
        }
        return rule
    }

    private init(file: String) { self.file = file }

    private func root(_ text: [UInt8]) throws(ConfigurationError) -> YAMLNode {
        do { return try YAMLNode.read(text) } catch {
            throw ConfigurationError(file: file, line: error.line, reason: error.reason)
        }
    }

    private func named(
        _ node: YAMLNode, _ key: String?
    ) throws(ConfigurationError) -> [Rule] {
        guard case .mapping(let pairs) = node.value else {
            throw wrong(node, key, "Rules stand under their names.")
        }
        var rules: [Rule] = []
        for (name, node) in pairs {
            let word = try word(name, key)
            if rules.contains(where: { $0.name == word }) {
                throw wrong(name, word, "The rule stands twice; accepted is each name once.")
            }
            var reader = RuleReader(file: file)
            reader.lines[word] = name.line
            rules.append(try reader.rule(word, node))
        }
        return rules
    }

    private mutating func rule(
        _ name: String, _ node: YAMLNode
    ) throws(ConfigurationError) -> Rule {
        var rule = Rule(name)
        var kept: YAMLNode?
        for (word, node) in try pairs(node, name, "A rule has the keys \(Self.accepted).") {
            let place = "\(name).\(word)"
            switch word {
            case "topics": rule.topics = try texts(node, place)
            case "topic-prefixes": rule.topicPrefixes = try texts(node, place)
            case "not-topics": rule.excludedTopics = try texts(node, place)
            case "where": rule.conditions = try texts(node, place)
            case "keys": rule.keys = try keys(node, place)
            case "aggregates": rule.aggregates = try aggregates(node, place)
            case "granularities": rule.widths = try widths(node, place)
            case "retention": kept = node
            case "groups-max":
                guard let number = Int(try self.word(node, place)) else {
                    throw wrong(node, place, "Accepted is a whole number.")
                }
                rule.groupsMax = number
            default:
                guard let names = try names(word, node, place) else {
                    throw wrong(
                        node, place, "There is no such key; accepted are \(Self.accepted).")
                }
                rule.names.append(names)
            }
        }
        if let kept { try readRetention(kept, into: &rule) }
        rule.names.sort { Self.order($0) < Self.order($1) }
        do throws(RuleError) { try rule.check() } catch {
            throw ConfigurationError(
                file: file, line: line(of: error.key), key: error.key, reason: error.reason)
        }
        return rule
    }

    private static let accepted = keys.joined(separator: ", ")

    /// So that the order in a file makes no other rule.
    private static func order(_ names: Rule.Names) -> Int {
        Int(names.dimension.code) * 2 + (names.isExcluded ? 1 : 0)
    }

    /// The line of a key, or of the nearest one above it.
    private func line(of key: String) -> Int? {
        var rest = key[...]
        while true {
            if let line = lines[String(rest)] { return line }
            guard let dot = rest.lastIndex(of: ".") else { return nil }
            rest = rest[..<dot]
        }
    }

    private func names(
        _ word: String, _ node: YAMLNode, _ place: String
    ) throws(ConfigurationError) -> Rule.Names? {
        for dimension in RuleWords.dimensions where dimension != .topic {
            let plural = RuleWords.plural(dimension)
            guard word == plural || word == "not-" + plural else { continue }
            return Rule.Names(dimension, try texts(node, place), isExcluded: word != plural)
        }
        return nil
    }

    private mutating func keys(
        _ node: YAMLNode, _ place: String
    ) throws(ConfigurationError) -> [Rule.Key] {
        var keys: [Rule.Key] = []
        for (name, node) in try pairs(node, place, "Accepted are names, each with its field.") {
            keys.append(Rule.Key(name, try source(node, "\(place).\(name)")))
        }
        return keys
    }

    private mutating func source(
        _ node: YAMLNode, _ place: String
    ) throws(ConfigurationError) -> Rule.Source {
        if case .scalar = node.value { return .field(try word(node, place)) }
        let sentence = "Accepted is a field, {dimension: word}, or {name: field, each: path}."
        var name: String?
        var each: String?
        for (word, node) in try pairs(node, place, sentence) {
            let place = "\(place).\(word)"
            let text = try self.word(node, place)
            switch word {
            case "name": name = text
            case "each": each = text
            case "dimension":
                guard let dimension = Dimension(word: text) else {
                    throw wrong(
                        node, place,
                        "There is no dimension \"\(text)\"; accepted are "
                            + "\(RuleWords.acceptedDimensions).")
                }
                return .dimension(dimension)
            default: throw wrong(node, place, "There is no such key. \(sentence)")
            }
        }
        guard let name else { throw wrong(node, place, "The field has no name. \(sentence)") }
        return .field(name, each: each)
    }

    private mutating func aggregates(
        _ node: YAMLNode, _ place: String
    ) throws(ConfigurationError) -> [Rule.Aggregate] {
        let kinds = "sum, min, max, distinct, latest, quantiles"
        let sentence = "Accepted are names, each with one of \(kinds)."
        var aggregates: [Rule.Aggregate] = []
        for (name, node) in try pairs(node, place, sentence) {
            let place = "\(place).\(name)"
            let found = try pairs(node, place, "Accepted is one of \(kinds), with its field.")
            guard let (word, node) = found.first, found.count == 1 else {
                throw wrong(node, place, "Accepted is one of \(kinds), with its field.")
            }
            let inside = "\(place).\(word)"
            let kind: Rule.Aggregate.Kind
            switch word {
            case "sum": kind = .sum(try source(node, inside))
            case "min": kind = .min(try source(node, inside))
            case "max": kind = .max(try source(node, inside))
            case "distinct": kind = .distinct(try source(node, inside))
            case "quantiles": kind = .quantiles(try source(node, inside))
            case "latest": kind = .latest(try keys(node, inside))
            default:
                throw wrong(node, inside, "There is no such aggregate; accepted are \(kinds).")
            }
            aggregates.append(Rule.Aggregate(name, kind))
        }
        return aggregates
    }

    private func widths(
        _ node: YAMLNode, _ place: String
    ) throws(ConfigurationError) -> [Rule.Width] {
        var widths: [Rule.Width] = []
        for text in try texts(node, place) {
            guard let seconds = RuleWords.seconds(text) else {
                throw wrong(
                    node, place,
                    "\"\(text)\" is no width; accepted is \(RuleWords.acceptedWidth).")
            }
            widths.append(Rule.Width(seconds: seconds))
        }
        return widths
    }

    private mutating func readRetention(
        _ node: YAMLNode, into rule: inout Rule
    ) throws(ConfigurationError) {
        let place = rule.name + ".retention"
        let sentence = "Accepted are widths of granularities, each with how long it is kept."
        for (word, node) in try pairs(node, place, sentence) {
            let inside = "\(place).\(word)"
            guard let seconds = RuleWords.seconds(word),
                let at = rule.widths.firstIndex(where: { $0.seconds == seconds })
            else {
                throw wrong(
                    node, inside, "\"\(word)\" is none of the rule's granularities. \(sentence)")
            }
            let text = try self.word(node, inside)
            guard let kept = RuleWords.seconds(text) else {
                throw wrong(
                    node, inside,
                    "\"\(text)\" is no length of time; accepted is \(RuleWords.acceptedWidth).")
            }
            rule.widths[at].keptSeconds = kept
        }
    }

    // What every value goes through.

    /// The pairs of a mapping, whose lines are noted.
    private mutating func pairs(
        _ node: YAMLNode, _ place: String, _ accepted: String
    ) throws(ConfigurationError) -> [(word: String, node: YAMLNode)] {
        guard case .mapping(let found) = node.value else { throw wrong(node, place, accepted) }
        var pairs: [(word: String, node: YAMLNode)] = []
        for (key, value) in found {
            let word = try word(key, place)
            let inside = "\(place).\(word)"
            if pairs.contains(where: { $0.word == word }) {
                throw wrong(key, inside, "\"\(word)\" stands twice; accepted is each key once.")
            }
            lines[inside] = key.line
            pairs.append((word, value))
        }
        return pairs
    }

    /// A list of texts; a text by itself is a list of one.
    private func texts(
        _ node: YAMLNode, _ place: String
    ) throws(ConfigurationError) -> [String] {
        guard case .sequence(let items) = node.value else { return [try word(node, place)] }
        var texts: [String] = []
        for item in items { texts.append(try word(item, place)) }
        return texts
    }

    private func word(_ node: YAMLNode, _ key: String?) throws(ConfigurationError) -> String {
        guard case .scalar(let text) = node.value, !text.isEmpty else {
            throw wrong(node, key, "Accepted is a text here.")
        }
        return text
    }

    private func wrong(
        _ node: YAMLNode, _ key: String?, _ reason: String
    ) -> ConfigurationError {
        ConfigurationError(file: file, line: node.line, key: key, reason: reason)
    }
}
