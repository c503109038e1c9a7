import Model

/// A half-open range of time, [lower, upper).
public struct TimeRange: Hashable, Sendable {
    /// The first moment inside; nil: from the first message on.
    public var lower: Timestamp?
    /// The first moment after it; nil: no end.
    public var upper: Timestamp?

    /// - Parameters: the ends; an upper end at or before the lower one leaves nothing inside.
    public init(lower: Timestamp? = nil, upper: Timestamp? = nil) {
        self.lower = lower
        self.upper = upper
    }

    /// All time.
    public static let all = TimeRange()

    /// Whether `time` lies inside.
    @inlinable
    public func contains(_ time: Timestamp) -> Bool {
        if let lower, time < lower { return false }
        if let upper, time >= upper { return false }
        return true
    }
}
