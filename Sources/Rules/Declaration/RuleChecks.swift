import Envelope
import Model

extension Rule {
    /// Refuses a rule that cannot be computed, or that breaks a limit.
    public func check() throws(RuleError) {
        guard RuleWords.isName(name) else {
            throw RuleError(
                name, "\"\(name)\" is no name of a rule; accepted are \(RuleWords.acceptedName).")
        }
        try checkTopics()
        try checkConditions()
        try checkKeys(keys, name + ".keys", atMost: Limits.ruleKeysMax, "keys")
        try checkAggregates()
        try checkWidths()
        guard (1...Limits.ruleGroupsMax).contains(groupsMax) else {
            throw RuleError(
                name + ".groups-max",
                "Accepted is a whole number from 1 to \(Limits.ruleGroupsMax).")
        }
        let bytes = canonicalText.utf8.count
        guard bytes <= Limits.ruleDefinitionBytesMax else {
            throw RuleError(
                name,
                "The rule is \(bytes) bytes long; accepted are \(Limits.ruleDefinitionBytesMax).")
        }
    }

    private func checkTopics() throws(RuleError) {
        for (word, patterns) in [("topics", topics), ("not-topics", excludedTopics)] {
            for pattern in patterns where TopicPattern(pattern) == nil {
                throw RuleError(
                    "\(name).\(word)",
                    "\"\(pattern)\" is no pattern; accepted are \(TopicPattern.accepted).")
            }
        }
        for prefix in topicPrefixes where prefix.isEmpty || prefix.contains("*") {
            throw RuleError(
                name + ".topic-prefixes",
                "\"\(prefix)\" is no beginning of a topic; accepted is a text without *.")
        }
        let lists = topics.count + excludedTopics.count + topicPrefixes.count
        guard lists <= Limits.ruleTopicsMax else {
            throw RuleError(
                name + ".topics",
                "The rule has \(lists) patterns of topics; accepted are \(Limits.ruleTopicsMax).")
        }
    }

    private func checkConditions() throws(RuleError) {
        guard conditions.count <= Limits.ruleConditionsMax else {
            throw RuleError(
                name + ".where",
                "There are \(conditions.count) conditions; accepted are "
                    + "\(Limits.ruleConditionsMax).")
        }
        for condition in conditions {
            do throws(FieldError) { _ = try RuleProgram.condition(condition) } catch {
                throw RuleError(name + ".where", "\"\(condition)\": \(error.description).")
            }
        }
        for names in names {
            let key = (names.isExcluded ? "not-" : "") + RuleWords.plural(names.dimension)
            guard names.dimension != .topic, RuleWords.dimensions.contains(names.dimension) else {
                throw RuleError(name, "Names may be asked for in every dimension but topics.")
            }
            guard (1...Limits.ruleNamesMax).contains(names.names.count),
                names.names.allSatisfy({
                    (1...Limits.nameBytesMax).contains($0.utf8.count)
                })
            else {
                throw RuleError(
                    "\(name).\(key)",
                    "Accepted are 1 to \(Limits.ruleNamesMax) names of up to "
                        + "\(Limits.nameBytesMax) bytes.")
            }
        }
    }

    private func checkKeys(
        _ keys: [Key], _ place: String, atMost: Int, _ what: String
    ) throws(RuleError) {
        guard keys.count <= atMost else {
            throw RuleError(place, "There are \(keys.count) \(what); accepted are \(atMost).")
        }
        var seen: Set<String> = []
        for key in keys {
            try checkName(key.name, "\(place).\(key.name)", &seen)
            try check(key.source, "\(place).\(key.name)")
        }
    }

    private func checkName(
        _ word: String, _ place: String, _ seen: inout Set<String>
    ) throws(RuleError) {
        guard RuleWords.isName(word) else {
            throw RuleError(
                place, "\"\(word)\" is no name; accepted are \(RuleWords.acceptedName).")
        }
        guard !RuleWords.reserved.contains(word) else {
            throw RuleError(
                place,
                "\"\(word)\" means something else in requests; accepted is any name but "
                    + RuleWords.reserved.sorted().joined(separator: ", ") + ".")
        }
        guard seen.insert(word).inserted else {
            throw RuleError(place, "\"\(word)\" stands twice; accepted is each name once.")
        }
    }

    private func check(_ source: Source, _ place: String) throws(RuleError) {
        switch source {
        case .dimension(let dimension):
            guard RuleWords.dimensions.contains(dimension) else {
                throw RuleError(
                    place,
                    "There is no such dimension; accepted are \(RuleWords.acceptedDimensions).")
            }
        case .field(let text, let each):
            do throws(FieldError) { _ = try Field(text, each: each) } catch {
                throw RuleError(place, "\"\(text)\": \(error.description).")
            }
        }
    }

    private func checkAggregates() throws(RuleError) {
        guard aggregates.count <= Limits.ruleAggregatesMax else {
            throw RuleError(
                name + ".aggregates",
                "There are \(aggregates.count) aggregates; accepted are "
                    + "\(Limits.ruleAggregatesMax).")
        }
        // The number of messages is there without being declared.
        var seen: Set<String> = [RuleWords.count]
        for aggregate in aggregates {
            let place = "\(name).aggregates.\(aggregate.name)"
            try checkName(aggregate.name, place, &seen)
            let inside = "\(place).\(aggregate.kind.word)"
            if case .latest(let fields) = aggregate.kind {
                guard !fields.isEmpty else {
                    throw RuleError(inside, "Accepted are names, each with its field.")
                }
                try checkKeys(fields, inside, atMost: Limits.ruleLatestFieldsMax, "fields")
            }
            guard let source = aggregate.kind.source else { continue }
            try check(source, inside)
            if case .dimension = source, case .distinct = aggregate.kind { continue }
            if case .dimension = source {
                throw RuleError(inside, "A dimension has no numbers; accepted is a field.")
            }
        }
    }

    private func checkWidths() throws(RuleError) {
        let place = name + ".granularities"
        guard (1...Limits.ruleWidthsMax).contains(widths.count) else {
            throw RuleError(place, "Accepted are 1 to \(Limits.ruleWidthsMax) widths.")
        }
        for width in widths {
            guard (1...Limits.ruleWidthSecondsMax).contains(width.seconds) else {
                throw RuleError(
                    place,
                    "A width is 1s to \(RuleWords.text(ofSeconds: Limits.ruleWidthSecondsMax)).")
            }
            if let kept = width.keptSeconds,
                kept < width.seconds || kept > Limits.ruleKeptSecondsMax
            {
                throw RuleError(
                    name + ".retention." + RuleWords.text(ofSeconds: width.seconds),
                    "Accepted is the width itself or more, up to "
                        + RuleWords.text(ofSeconds: Limits.ruleKeptSecondsMax) + ".")
            }
        }
        for (fine, coarse) in zip(widths, widths.dropFirst()) {
            guard coarse.seconds > fine.seconds, coarse.seconds % fine.seconds == 0 else {
                throw RuleError(
                    place,
                    "\(RuleWords.text(ofSeconds: coarse.seconds)) is no multiple of "
                        + "\(RuleWords.text(ofSeconds: fine.seconds)); accepted are widths from "
                        + "the finest to the coarsest, each a multiple of the one before.")
            }
        }
    }
}
