/// The width of a stored bucket. Buckets are aligned to the UTC epoch, half-open [start, end), and
/// numbered from the epoch: bucket `b` of an hour starts at `b * 3600` seconds.
public enum Granularity: UInt8, Sendable, CaseIterable {
    case minute
    case hour
    case day

    /// The width in seconds.
    @inlinable
    public var seconds: Int64 {
        switch self {
        case .minute: 60
        case .hour: 3_600
        case .day: 86_400
        }
    }

    /// The width in microseconds.
    @inlinable
    public var microseconds: Int64 { seconds * 1_000_000 }

    /// The number of the bucket that holds `time`.
    @inlinable
    public func bucket(of time: Timestamp) -> Int64 {
        time.microseconds.floorDivided(by: microseconds)
    }
}
