import Model

/// One dimension of a columns file: its dictionary and its posting lists, read in place.
///
/// The memory belongs to the file, which outlives this.
@safe
struct SealedDimension: @unchecked Sendable {
    let dimension: Dimension
    private let texts: UnsafeRawBufferPointer
    /// Element i is where the text of id i + 1 ends.
    private let ends: PackedArray
    /// The ids by their texts, compared byte by byte.
    private let order: PackedArray
    /// Element i is where the posting list of id i + 1 ends.
    private let listEnds: PackedArray
    private let lists: UnsafeRawBufferPointer
    private let pieces: CheckedPieces

    /// Nil if the sections contradict each other.
    init?(
        _ dimension: Dimension, texts: UnsafeRawBufferPointer, ends: UnsafeRawBufferPointer,
        order: UnsafeRawBufferPointer, listEnds: UnsafeRawBufferPointer,
        lists: UnsafeRawBufferPointer, pieces: CheckedPieces
    ) {
        guard let ends = unsafe PackedArray(ends), let order = unsafe PackedArray(order),
            let listEnds = unsafe PackedArray(listEnds),
            ends.count == order.count, ends.count == listEnds.count, ends.count > 0
        else { return nil }
        self.dimension = dimension
        unsafe self.texts = texts
        self.ends = ends
        self.order = order
        self.listEnds = listEnds
        unsafe self.lists = lists
        self.pieces = pieces
    }

    var nameCount: Int { ends.count }

    /// The bytes of name `id`, 1 to `nameCount`, valid during `body`; none where its place is
    /// damaged.
    func withText<R>(_ id: UInt32, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        precondition(id >= 1 && id <= nameCount, "name \(id) of \(nameCount)")
        return unsafe body(piece(Int(id) - 1, of: texts, ends))
    }

    /// Calls `body` with the bytes of the names from id `first` on.
    /// - Returns: the damage for which they cannot be read; `body` is not called then.
    func forEachText(
        from first: UInt32, _ body: (UnsafeRawBufferPointer) -> Void
    ) -> Damage? {
        guard first >= 1 && first <= nameCount else { return nil }
        let damage =
            unsafe pieces.damage(in: ends.header)
            ?? pieces.damage(in: ends.part(0..<nameCount)) ?? pieces.damage(in: texts)
        if let damage { return damage }
        for id in first...UInt32(nameCount) { unsafe withText(id, body) }
        return nil
    }

    /// The id of `text` by binary search.
    func find(_ text: UnsafeRawBufferPointer) -> UInt32? {
        var low = 0
        var high = order.count
        unsafe pieces.touch(order.header)
        while low < high {
            let middle = (low + high) / 2
            unsafe pieces.touch(order.part(middle..<middle + 1))
            let id = order[middle]
            guard id >= 1 && id <= UInt64(nameCount) else { return nil }
            let order = unsafe withText(UInt32(id)) { unsafe text.order(beside: $0) }
            if order == 0 { return UInt32(id) }
            if order > 0 { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    /// All ids in the order of their texts; what is damaged is left out.
    var idsByText: [UInt32] {
        unsafe pieces.touch(order.header)
        unsafe pieces.touch(order.part(0..<order.count))
        return (0..<order.count).compactMap { place in
            let id = order[place]
            return id >= 1 && id <= UInt64(nameCount) ? UInt32(id) : nil
        }
    }

    /// The rows that have the name; none for an unknown id.
    func postings(_ id: UInt32, rows: Int) -> PostingList {
        guard id >= 1 && id <= nameCount else {
            return unsafe PostingList(UnsafeRawBufferPointer(start: nil, count: 0), rows: rows)
        }
        return unsafe PostingList(piece(Int(id) - 1, of: lists, listEnds), rows: rows)
    }

    /// The piece between end `index - 1` and end `index`; empty where these are damaged.
    private func piece(
        _ index: Int, of region: UnsafeRawBufferPointer, _ ends: PackedArray
    ) -> UnsafeRawBufferPointer {
        unsafe pieces.touch(ends.header)
        unsafe pieces.touch(ends.part(max(0, index - 1)..<index + 1))
        let start = index == 0 ? 0 : ends[index - 1]
        let end = ends[index]
        guard start <= end && end <= UInt64(region.count) else {
            return unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        }
        let part = unsafe UnsafeRawBufferPointer(rebasing: region[Int(start)..<Int(end)])
        unsafe pieces.touch(part)
        return unsafe part
    }
}

extension UnsafeRawBufferPointer {
    /// Below, equal to or above 0 as these bytes come before, are, or come after `other`.
    func order(beside other: UnsafeRawBufferPointer) -> Int {
        for index in 0..<Swift.min(count, other.count) {
            let (left, right) = unsafe (self[index], other[index])
            if left != right { return left < right ? -1 : 1 }
        }
        return count - other.count
    }
}
