import Model

/// Which users, packages and objects a message concerns and who acted, by its topic: data, applied
/// on entry. Records keep the names, so a changed profile never changes what is already in the log.
package struct Profile: Sendable {
    /// The name by which configuration refers to it; a file's is its path.
    package let name: String
    /// The first rule whose topics match counts, alone.
    package let rules: [ExtractionRule]
    /// What counts where no rule's topics match.
    package let otherwise: ExtractionRule
    /// Other names of accounts.
    package var aliases = Aliases.none

    package init(name: String, rules: [ExtractionRule], otherwise: ExtractionRule) {
        self.name = name
        self.rules = rules
        self.otherwise = otherwise
    }
}

/// The names of messages of some topics.
package struct ExtractionRule: Sendable {
    /// The texts of patterns: see `TopicPattern`.
    package let topics: [String]
    let patterns: [TopicPattern]
    package var users: [Field] = []
    package var packages: [Field] = []
    package var objects: [Field] = []
    package var agent: [Field] = []
    /// The profile and the line in it where the rule stands.
    package var place = ""

    package init(_ topics: [String]) {
        self.topics = topics
        patterns = topics.map { text in
            guard let pattern = TopicPattern(text) else {
                preconditionFailure("\(text) was read as a pattern of topics")
            }
            return pattern
        }
    }

    /// How the rule is called where it is asked which one counted.
    package var label: String { (topics.isEmpty ? "otherwise" : topics[0]) + " (\(place))" }
}
