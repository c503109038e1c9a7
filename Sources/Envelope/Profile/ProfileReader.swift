import Model

/// Reads a profile from YAML; docs/profiles.md says what it may hold.
struct ProfileReader {
    private let file: String

    /// - Parameters:
    ///   - text: the file's bytes.
    ///   - file: how the file is called in errors and in `ExtractionRule.place`.
    static func read(_ text: [UInt8], file: String) throws(ConfigurationError) -> Profile {
        let root: YAMLNode
        do {
            root = try YAMLNode.read(text)
        } catch {
            throw ConfigurationError(file: file, line: error.line, reason: error.reason)
        }
        return try ProfileReader(file: file).profile(root)
    }

    private func wrong(
        _ node: YAMLNode, _ key: String?, _ reason: String
    ) -> ConfigurationError {
        ConfigurationError(file: file, line: node.line, key: key, reason: reason)
    }

    private func profile(_ root: YAMLNode) throws(ConfigurationError) -> Profile {
        guard case .mapping(let pairs) = root.value else {
            throw wrong(root, nil, "A profile has the keys extends, rules and otherwise.")
        }
        var rules: [ExtractionRule] = []
        var otherwise: ExtractionRule?
        var extended: Profile?
        for (key, node) in pairs {
            switch try word(key, nil) {
            case "extends":
                let name = try word(node, "extends")
                guard let known = Profile.named(name) else {
                    throw wrong(
                        node, "extends",
                        "There is no profile \"\(name)\"; there are \(Profile.namesText).")
                }
                extended = known
            case "rules":
                guard case .sequence(let items) = node.value, items.count <= Limits.rulesMax else {
                    throw wrong(node, "rules", "The rules are a list of up to \(Limits.rulesMax).")
                }
                for (place, item) in items.enumerated() {
                    rules.append(try rule(item, "rules[\(place)]", hasTopics: true))
                }
            case "otherwise": otherwise = try rule(node, "otherwise", hasTopics: false)
            case let other:
                throw wrong(
                    key, other, "There is no such key; accepted are extends, rules and otherwise.")
            }
        }
        // Rules of one's own come first, so they stand in the place of those that they extend.
        return Profile(
            name: file, rules: rules + (extended?.rules ?? []),
            otherwise: otherwise ?? extended?.otherwise ?? ExtractionRule([]))
    }

    private func rule(
        _ node: YAMLNode, _ key: String, hasTopics: Bool
    ) throws(ConfigurationError) -> ExtractionRule {
        let accepted = (hasTopics ? "topics, " : "") + "users, packages, objects and agent"
        guard case .mapping(let pairs) = node.value else {
            throw wrong(node, key, "A rule has the keys \(accepted).")
        }
        var rule = ExtractionRule([])
        for (name, value) in pairs where try word(name, key) == "topics" && hasTopics {
            rule = ExtractionRule(try topics(value, key + ".topics"))
        }
        if hasTopics, rule.topics.isEmpty {
            throw wrong(node, key, "The rule has no topics; accepted is a list of patterns.")
        }
        rule.place = "\(file):\(node.line)"
        for (name, value) in pairs {
            let word = try word(name, key)
            let path = "\(key).\(word)"
            switch word {
            case "topics" where hasTopics: break
            case "users": rule.users = try fields(value, path)
            case "packages": rule.packages = try fields(value, path)
            case "objects": rule.objects = try fields(value, path)
            case "agent": rule.agent = try fields(value, path)
            default: throw wrong(name, path, "There is no such key; accepted are \(accepted).")
            }
        }
        return rule
    }

    private func topics(_ node: YAMLNode, _ key: String) throws(ConfigurationError) -> [String] {
        var patterns: [String] = []
        for item in items(node) {
            let pattern = try word(item, key)
            guard TopicPattern(pattern) != nil else {
                throw wrong(
                    item, key,
                    "\"\(pattern)\" is no pattern; accepted are \(TopicPattern.accepted).")
            }
            patterns.append(pattern)
        }
        return patterns
    }

    private func fields(_ node: YAMLNode, _ key: String) throws(ConfigurationError) -> [Field] {
        var fields: [Field] = []
        for item in items(node) {
            if case .sequence = item.value {
                fields += try self.fields(item, key)
                continue
            }
            fields.append(try field(item, key))
        }
        return fields
    }

    private func field(_ node: YAMLNode, _ key: String) throws(ConfigurationError) -> Field {
        var name: YAMLNode?
        var each: String?
        if case .mapping(let pairs) = node.value {
            for (part, value) in pairs {
                switch try word(part, key) {
                case "each": each = try word(value, key + ".each")
                case "name": name = value
                case let other:
                    throw wrong(
                        part, "\(key).\(other)", "There is no such key; accepted are each and name."
                    )
                }
            }
        } else {
            name = node
        }
        guard let name else { throw wrong(node, key, "The field has no name.") }
        let text = try word(name, key)
        do throws(FieldError) {
            return try Field(text, each: each)
        } catch {
            throw wrong(name, key, "\"\(text)\": \(error.description).")
        }
    }

    private func items(_ node: YAMLNode) -> [YAMLNode] {
        if case .sequence(let items) = node.value { return items }
        return [node]
    }

    private func word(_ node: YAMLNode, _ key: String?) throws(ConfigurationError) -> String {
        guard case .scalar(let text) = node.value, !text.isEmpty else {
            throw wrong(node, key, "Accepted is a text here.")
        }
        return text
    }
}
