/// Packed rows and their directory while they are being written: one kind after the other, each
/// in ascending key order.
struct RowPile: ~Copyable {
    /// The rows, back to back.
    var bytes = Scratch<UInt8>(capacity: 1_024)
    /// `RowKey.place` of each row.
    var places = Scratch<UInt64>()
    /// Where each row begins.
    var starts = Scratch<Int>()
    /// The rows of each kind, by the kind's index.
    private(set) var kinds = [Range<Int>](repeating: 0..<0, count: RowKind.allCases.count)

    /// The rows from `mark` on are all of `kind`'s.
    mutating func close(_ kind: RowKind, from mark: Int) {
        precondition(kinds[kind.index].isEmpty, "the rows of a kind are written in one go")
        kinds[kind.index] = mark..<places.count
    }

    /// What follows in `bytes` is the row at `place`.
    @inline(__always)
    mutating func begin(_ place: UInt64) {
        places.append(place)
        starts.append(bytes.count)
    }
}

extension RowKind {
    /// The place of the kind among all, in ascending order of the codes.
    @inline(__always)
    var index: Int {
        let code = Int(rawValue)
        return code < 0x20 ? code - 0x10 : code < 0x30 ? code - 0x20 + 5 : code - 0x30 + 11
    }
}
