/// A moment: microseconds since 1970-01-01T00:00:00 UTC, leap seconds not counted (POSIX time).
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since the epoch; negative before it.
    public var microseconds: Int64

    /// - Parameter microseconds: microseconds since the epoch.
    @inlinable
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// - Parameter seconds: whole seconds since the epoch.
    @inlinable
    public init(seconds: Int64) { self.microseconds = seconds * 1_000_000 }

    /// Whole seconds since the epoch, rounded down (towards the past).
    @inlinable
    public var seconds: Int64 { microseconds.floorDivided(by: 1_000_000) }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool {
        left.microseconds < right.microseconds
    }
}

extension Int64 {
    /// The quotient rounded towards negative infinity; `divisor` must be positive.
    @inlinable
    public func floorDivided(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
