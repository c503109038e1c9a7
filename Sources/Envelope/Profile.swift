import Model

/// Which users and packages a message concerns, by its topic: data, applied on entry. Records keep
/// the names, so a changed profile never changes what is already in the log.
package struct Profile: Sendable {
    /// The name by which configuration refers to it.
    package let name: String
    /// The first rule whose topics match counts, alone.
    package let rules: [ExtractionRule]
    /// What counts where no rule's topics match.
    package let otherwise: ExtractionRule

    package init(name: String, rules: [ExtractionRule], otherwise: ExtractionRule) {
        self.name = name
        self.rules = rules
        self.otherwise = otherwise
    }

    /// The profile of that name, if there is one.
    package static func named(_ name: String) -> Profile? {
        [Profile.fedora, Profile.generic].first { $0.name == name }
    }

    /// The same fields whatever the topic: for buses that are not Fedora's, and for benchmarks.
    package static let generic = Profile(
        name: "generic", rules: [],
        otherwise: ExtractionRule(
            [], users: ["agent", "assignee"], packages: ["commit.repo", "name", "project.name"]))
}

/// The names of messages of some topics.
///
/// A pattern is compared with a topic's tokens from the fourth on (`git.receive` is
/// `org.fedoraproject.prod.git.receive`); `*` stands for one token, a last `**` for any number,
/// none included.
///
/// A field is one path or more, `first | second`: the first that leads to a string counts, if it
/// is not empty. A path leads from `msg` through keys; what is not a string is no name. Beside
/// keys:
///
///     $.key          a key of the envelope itself
///     key[]          each element of an array
///     key{}          each value of an object
///     key{keys}      each key of an object
///     key[k=a,b,]    goes on only if k is "a" or "b" or (the empty one) absent or null
///     ... -> word    what is made of the string: see `NameTransform`
package struct ExtractionRule: Sendable {
    package let topics: [String]
    package let users: [String]
    package let packages: [String]
    /// Users that are none: robots, placeholders.
    package let notUsers: [String]

    package init(
        _ topics: [String], users: [String] = [], packages: [String] = [], notUsers: [String] = []
    ) {
        self.topics = topics
        self.users = users
        self.packages = packages
        self.notUsers = notUsers
    }
}

/// What is made of a string before it is a name.
package enum NameTransform: String, Sendable, CaseIterable {
    /// The string as it is.
    case asIs = "as-is"
    /// In lower case.
    case lowercase
    /// `name-version-release` without its last two parts.
    case nvr
    /// The same for each word of a list separated by spaces or commas.
    case nvrs
    /// Each word of a text behind an `@` that begins a word.
    case mentions
    /// An account from an OpenID or a fedoraproject.org address; other addresses are no accounts.
    case account
    /// Not those that begin with `github_org_`.
    case person
    /// The topic's tokens between the fifth and the last, whatever the string.
    case topicMiddle = "topic-middle"
}
