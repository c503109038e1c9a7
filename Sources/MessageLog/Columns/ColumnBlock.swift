import Model

/// The names of one dimension that a block's rows have, as local name ids.
///
/// Row `r` of the block has `ids[offsets[r]..<offsets[r + 1]]`.
package struct NameSet: Sendable, Equatable {
    /// One more than the block has rows, ascending from 0.
    package let offsets: [UInt32]
    /// Local name ids, in the order in which the records name them.
    package let ids: [UInt32]

    /// The ids of the block's row `row`.
    @inlinable
    package func ids(ofRow row: Int) -> ArraySlice<UInt32> {
        ids[Int(offsets[row])..<Int(offsets[row + 1])]
    }
}

/// Some hundred neighbouring rows of a segment as plain arrays. Immutable.
///
/// Each array has `rows` elements, or none where it was not asked for. Row `r` of the block is row
/// `firstRow + r` of the segment.
package final class ColumnBlock: Sendable {
    package let firstRow: Int
    package let rows: Int
    /// Microseconds since 1970.
    package let times: [Int64]
    /// Local ids; 0 marks a record that is not a message.
    package let topics: [UInt32]
    /// See `Record.Flags`.
    package let flags: [UInt8]
    /// See `Record.Kind`.
    package let kinds: [UInt8]
    /// See `MessageID`.
    package let idForms: [UInt16]
    package let idHigh: [UInt64]
    package let idLow: [UInt64]
    /// Where each record stands in its journal.
    package let positions: [UInt64]
    /// The sets of those dimensions that any of the rows has names in, by dimension.
    package let sets: [DimensionSet]
    /// From the earliest to the latest time of the block's messages; nil if it has none.
    package let timeBounds: ClosedRange<Int64>?

    package struct DimensionSet: Sendable, Equatable {
        package let dimension: Dimension
        package let names: NameSet
    }

    /// The names that the rows have in `dimension`: nil if none of the rows has any, or if they
    /// were not asked for.
    @inlinable
    package func set(of dimension: Dimension) -> NameSet? {
        for set in sets where set.dimension == dimension { return set.names }
        return nil
    }

    init(
        firstRow: Int, rows: Int, times: [Int64], topics: [UInt32], flags: [UInt8], kinds: [UInt8],
        idForms: [UInt16], idHigh: [UInt64], idLow: [UInt64], positions: [UInt64],
        sets: [DimensionSet], timeBounds: ClosedRange<Int64>?
    ) {
        self.firstRow = firstRow
        self.rows = rows
        self.times = times
        self.topics = topics
        self.flags = flags
        self.kinds = kinds
        self.idForms = idForms
        self.idHigh = idHigh
        self.idLow = idLow
        self.positions = positions
        self.sets = sets
        self.timeBounds = timeBounds
    }

    /// The id of the block's row `row`; the ids must have been asked for.
    @inlinable
    package func id(ofRow row: Int) -> MessageID {
        MessageID(form: idForms[row], high: idHigh[row], low: idLow[row])
    }
}

extension ColumnBlock: Equatable {
    package static func == (left: ColumnBlock, right: ColumnBlock) -> Bool {
        left.firstRow == right.firstRow && left.rows == right.rows && left.times == right.times
            && left.topics == right.topics && left.flags == right.flags
            && left.kinds == right.kinds && left.idForms == right.idForms
            && left.idHigh == right.idHigh && left.idLow == right.idLow
            && left.positions == right.positions && left.sets == right.sets
            && left.timeBounds == right.timeBounds
    }
}
