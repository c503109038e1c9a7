import Model

/// The kinds of rows that the built-in rollups store. The code is the first byte of a row's key.
package enum RowKind: UInt8, CaseIterable, Sendable {
    case topicMinute = 0x10
    case topicHour = 0x11
    case topicDay = 0x12
    case userDay = 0x13
    case packageDay = 0x14
    case allTopicHour = 0x20
    case allTopicDay = 0x21
    case topicUserHour = 0x22
    case topicUserDay = 0x23
    case topicPackageHour = 0x24
    case topicPackageDay = 0x25
    case userTopic = 0x30
    case packageTopic = 0x31

    /// How a row of the kind is cut into segments, and what the keys of its tallies are.
    package enum Shape: Sendable {
        /// Segment = a group of the block; tally key = bucket within the chunk.
        case series
        /// One group a row; segment = bucket within the chunk; tally key = the member's id.
        case share
        /// Segment = a group of the block; tally key = member's id * buckets + bucket in the chunk,
        /// so that one member is a range of keys.
        case history
    }

    package var shape: Shape {
        switch self {
        case .topicMinute, .topicHour, .topicDay, .userDay, .packageDay: .series
        case .userTopic, .packageTopic: .history
        default: .share
        }
    }

    package var granularity: Granularity {
        switch self {
        case .topicMinute: .minute
        case .topicHour, .allTopicHour, .topicUserHour, .topicPackageHour: .hour
        case .userTopic, .packageTopic: .hour
        default: .day
        }
    }

    /// Buckets of the kind's granularity in one row: the time chunk of its key.
    package var bucketsPerChunk: Int64 {
        switch self {
        case .topicMinute: 1_440
        case .topicHour, .userTopic, .packageTopic: 768
        case .topicDay, .userDay, .packageDay: 512
        case .allTopicHour, .topicUserHour, .topicPackageHour: 24
        case .allTopicDay, .topicUserDay, .topicPackageDay: 8
        }
    }

    /// One row holds 2 to this many groups. Chosen by measurement: ARCHITECTURE.md.
    package var groupBits: UInt32 {
        switch self {
        case .topicMinute, .topicHour: 1
        case .topicDay, .userDay, .packageDay: 6
        case .userTopic, .packageTopic: 2
        default: 0
        }
    }

    /// The word for the kind in dumps.
    package var word: String {
        switch self {
        case .topicMinute: "topic-minute"
        case .topicHour: "topic-hour"
        case .topicDay: "topic-day"
        case .userDay: "user-day"
        case .packageDay: "package-day"
        case .allTopicHour: "all-topic-hour"
        case .allTopicDay: "all-topic-day"
        case .topicUserHour: "topic-user-hour"
        case .topicUserDay: "topic-user-day"
        case .topicPackageHour: "topic-package-hour"
        case .topicPackageDay: "topic-package-day"
        case .userTopic: "user-topic-hour"
        case .packageTopic: "package-topic-hour"
        }
    }

    /// The dimension of the groups; group 0 of the topic kinds is "all".
    package var groupDimension: Dimension {
        switch self {
        case .userDay, .userTopic: .user
        case .packageDay, .packageTopic: .package
        default: .topic
        }
    }

    /// The dimension that the tallies count, or nil in a series.
    package var memberDimension: Dimension? {
        switch self {
        case .topicMinute, .topicHour, .topicDay, .userDay, .packageDay: nil
        case .topicUserHour, .topicUserDay: .user
        case .topicPackageHour, .topicPackageDay: .package
        default: .topic
        }
    }
}
