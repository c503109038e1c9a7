import Model

/// Which columns of a block are wanted: what is not asked for is not decoded.
///
/// `[.times, .set(of: .user)]` asks for the times and the users of each row.
package struct ColumnSelection: OptionSet, Sendable {
    package var rawValue: UInt64

    @inlinable
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package static let times = ColumnSelection(rawValue: 1 << 0)
    package static let topics = ColumnSelection(rawValue: 1 << 1)
    package static let flags = ColumnSelection(rawValue: 1 << 2)
    package static let kinds = ColumnSelection(rawValue: 1 << 3)
    /// Forms and both halves.
    package static let ids = ColumnSelection(rawValue: 1 << 4)
    package static let positions = ColumnSelection(rawValue: 1 << 5)
    /// The sets of every dimension.
    package static let sets = ColumnSelection(rawValue: ~0 << Self.firstSetBit)
    package static let all = ColumnSelection(rawValue: ~0)

    /// The set of one dimension. Codes from 57 on share one bit, so asking for one of those
    /// decodes them all.
    @inlinable
    package static func set(of dimension: Dimension) -> ColumnSelection {
        let bit = min(Self.firstSetBit + UInt64(dimension.code), 63)
        return ColumnSelection(rawValue: 1 << bit)
    }

    @usableFromInline static let firstSetBit: UInt64 = 6
}
