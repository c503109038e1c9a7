import Model

/// A rule's canonical text: the same rule always has the same, and reading it gives the rule.
extension Rule {
    /// One line of JSON, which is YAML too, with the rule's name as its only key.
    public var canonicalText: String {
        "{" + Self.quoted(name) + ":{" + members.joined(separator: ",") + "}}"
    }

    private var members: [String] {
        var members: [String] = []
        let add = { (word: String, value: String) in
            members.append(Self.quoted(word) + ":" + value)
        }
        for (word, texts) in [
            ("topics", topics), ("topic-prefixes", topicPrefixes), ("not-topics", excludedTopics),
            ("where", conditions),
        ] where !texts.isEmpty {
            add(word, Self.list(texts))
        }
        for names in names {
            let word = (names.isExcluded ? "not-" : "") + RuleWords.plural(names.dimension)
            add(word, Self.list(names.names))
        }
        if !keys.isEmpty { add("keys", Self.mapping(keys)) }
        if !aggregates.isEmpty {
            let texts = aggregates.map { aggregate in
                let value =
                    if case .latest(let fields) = aggregate.kind {
                        Self.mapping(fields)
                    } else {
                        aggregate.kind.source.map(Self.text) ?? "{}"
                    }
                return Self.quoted(aggregate.name) + ":{" + Self.quoted(aggregate.kind.word) + ":"
                    + value + "}"
            }
            add("aggregates", "{" + texts.joined(separator: ",") + "}")
        }
        add("granularities", Self.list(widths.map { RuleWords.text(ofSeconds: $0.seconds) }))
        let kept = widths.compactMap { width in
            width.keptSeconds.map { kept in
                Self.quoted(RuleWords.text(ofSeconds: width.seconds)) + ":"
                    + Self.quoted(RuleWords.text(ofSeconds: kept))
            }
        }
        if !kept.isEmpty { add("retention", "{" + kept.joined(separator: ",") + "}") }
        add("groups-max", "\(groupsMax)")
        return members
    }

    private static func list(_ texts: [String]) -> String {
        "[" + texts.map(quoted).joined(separator: ",") + "]"
    }

    private static func mapping(_ keys: [Key]) -> String {
        "{" + keys.map { quoted($0.name) + ":" + text($0.source) }.joined(separator: ",") + "}"
    }

    private static func text(_ source: Source) -> String {
        switch source {
        case .dimension(let dimension):
            "{\"dimension\":" + quoted(dimension.word ?? "") + "}"
        case .field(let text, nil): quoted(text)
        case .field(let text, let each?):
            "{\"each\":" + quoted(each) + ",\"name\":" + quoted(text) + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{0}"..<" ", "\u{7f}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
