public import Model

/// A declared rollup: of which messages what is counted, per group and bucket of time. It is data,
/// and right for all of history from the moment it is added; see docs/rules.md.
public struct Rule: Hashable, Sendable {
    /// From where in a message a text or a number comes.
    public enum Source: Hashable, Sendable {
        /// The message's names in a dimension.
        case dimension(Dimension)
        /// A field in the language of extraction profiles, such as `badge.badge_id`.
        /// - Parameter each: paths of the values for each of which the field counts; nil for once.
        case field(String, each: String? = nil)
    }

    /// What messages are grouped by.
    public struct Key: Hashable, Sendable {
        /// The word by which requests name it: lower-case letters, digits, `-` and `_`.
        public var name: String
        public var source: Source

        public init(_ name: String, _ source: Source) {
            self.name = name
            self.source = source
        }
    }

    /// What is kept of every group and bucket besides the number of messages.
    public struct Aggregate: Hashable, Sendable {
        /// The kinds; each one's result does not depend on the order of the messages.
        public enum Kind: Hashable, Sendable {
            /// The exact sum of numbers, with six decimals.
            case sum(Source)
            /// The smallest number.
            case min(Source)
            /// The largest number.
            case max(Source)
            /// How many distinct texts: exact up to `Limits.ruleDistinctExactMax`, beyond it within
            /// 1.6 % (standard error).
            case distinct(Source)
            /// Of the newest message some texts, by their own names.
            case latest([Key])
            /// Quantiles of numbers, each within 0.8 % of its value.
            case quantiles(Source)
        }

        /// The word by which requests name it.
        public var name: String
        public var kind: Kind

        public init(_ name: String, _ kind: Kind) {
            self.name = name
            self.kind = kind
        }
    }

    /// A width of buckets, aligned to the UTC epoch.
    public struct Width: Hashable, Sendable {
        /// In seconds, at least 1; a wider one is a multiple of every finer one.
        public var seconds: Int64
        /// Buckets go once they are older than so many seconds; nil: they stay.
        public var keptSeconds: Int64?

        public init(seconds: Int64, keptSeconds: Int64? = nil) {
            self.seconds = seconds
            self.keptSeconds = keptSeconds
        }
    }

    /// Names of a dimension of which a message must have one, or must have none.
    public struct Names: Hashable, Sendable {
        public var dimension: Dimension
        public var names: [String]
        /// Whether messages with any of the names are left out.
        public var isExcluded: Bool

        public init(_ dimension: Dimension, _ names: [String], isExcluded: Bool = false) {
            self.dimension = dimension
            self.names = names
            self.isExcluded = isExcluded
        }
    }

    /// The word by which requests name the rule.
    public var name: String
    /// Patterns of topics from their category on, as in profiles; none: all topics.
    public var topics: [String] = []
    /// A topic begins with one of these texts; none: however it begins.
    public var topicPrefixes: [String] = []
    /// Patterns of topics that are left out.
    public var excludedTopics: [String] = []
    /// Paths, with `|` between alternatives, each of which must lead to something in the message.
    public var conditions: [String] = []
    /// What must hold of the message's names.
    public var names: [Names] = []
    /// What messages are grouped by; none: all matching messages are one group.
    public var keys: [Key] = []
    /// What is kept besides the number of messages, which always is.
    public var aggregates: [Aggregate] = []
    /// From the finest to the coarsest.
    public var widths: [Width] = Rule.usualWidths
    /// So many groups are kept apart, those that the log has first; the others are one together.
    public var groupsMax = Limits.ruleGroupsUsual

    /// Hours and days, for ever.
    public static let usualWidths = [Width(seconds: 3_600), Width(seconds: 86_400)]

    /// A rule that counts all messages per hour and day, to be changed as wanted.
    public init(_ name: String) { self.name = name }
}

extension Rule.Aggregate.Kind {
    /// The word that declares it.
    package var word: String {
        switch self {
        case .sum: "sum"
        case .min: "min"
        case .max: "max"
        case .distinct: "distinct"
        case .latest: "latest"
        case .quantiles: "quantiles"
        }
    }

    /// From where its values come; nil for the newest message.
    var source: Rule.Source? {
        switch self {
        case .sum(let source), .min(let source), .max(let source), .distinct(let source),
            .quantiles(let source):
            source
        case .latest: nil
        }
    }
}
