import Model

/// A question that a rule answers. Its counts are of pairs of a message and a group.
public struct RuleQuestion: Hashable, Sendable {
    /// What is asked. Words are the rule's own, as it declares them.
    public enum What: Hashable, Sendable {
        /// How many: an integer.
        case count
        /// How many per bucket: [[start in seconds, count] ...].
        case series(BucketGrid, fill: SeriesQuestion.Fill)
        /// The same for each value of a key: [[name, [[start, count] ...]] ...], by total, most
        /// first, then by name.
        case seriesBy(BucketGrid, key: String, limit: Int, fill: SeriesQuestion.Fill)
        /// Distinct values of a key, or those that an aggregate counts, per bucket.
        case seriesDistinct(BucketGrid, word: String, fill: SeriesQuestion.Fill)
        /// The values of a key with most messages: [[name, count] ...].
        case top(limit: Int?, key: String, except: [[UInt8]])
        /// Distinct values of a key, or those that an aggregate counts: an integer.
        case distinct(word: String)
        /// Of every group the newest message: [[values, sequence, time, texts] ...], in order of
        /// the values' bytes; of every value of a key with `key`, which takes the values' place.
        case latest(key: String?)
        /// What an aggregate has become, per bucket unless `grid` is nil, and for each value of a
        /// key.
        case values(BucketGrid?, aggregate: String, quantiles: [Double], key: String?)
    }

    /// Values of one key of which a group must have one, or must have none.
    public struct KeyFilter: Hashable, Sendable {
        public var key: String
        public var name: [UInt8]
        public var isExcluded: Bool

        public init(key: String, name: [UInt8], isExcluded: Bool = false) {
            self.key = key
            self.name = name
            self.isExcluded = isExcluded
        }
    }

    public var rule: String
    public var what: What
    /// The same key again is or; different keys are and.
    public var filters: [KeyFilter]
    public var range: TimeRange

    public init(
        rule: String, _ what: What, filters: [KeyFilter] = [], range: TimeRange = .all
    ) {
        self.rule = rule
        self.what = what
        self.filters = filters
        self.range = range
    }

    /// The quantiles of VALUES where none are named.
    public static let usualQuantiles = [0.5, 0.9, 0.99]
}

/// `ROLLUP`.
public enum RollupRequest: Hashable, Sendable {
    /// [[name, state, sequence, groups, others, lacking, from or nil, bytes, definition, error or
    /// nil] ...], by name.
    case list
    /// One rule by its name, in YAML or JSON.
    case create([UInt8])
    case drop([UInt8])
}
