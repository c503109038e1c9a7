/// Finds rows of a posting list; keeps the chunk that it has read last. For one thread.
package struct PostingCursor {
    private let list: PostingList
    /// The list's memory belongs to it.
    private let file: ColumnsFile
    private var rows: [UInt32] = []
    private var chunk = -1
    /// Where a row was looked for last among those of the chunk.
    private var place = 0

    init(_ list: PostingList, _ file: ColumnsFile) {
        self.list = list
        self.file = file
    }

    /// The last row that is lower than `row`.
    package mutating func last(before row: Int) -> Int? {
        guard list.count > 0, row > 0 else { return nil }
        read(chunkOf: row)
        if let first = rows.first, Int(first) >= row, chunk > 0 { read(chunk - 1) }
        let place = rows.firstPlace(from: UInt32(clamping: row))
        return place > 0 ? Int(rows[place - 1]) : nil
    }

    /// The first row that is not lower than `row`.
    package mutating func first(from row: Int) -> Int? {
        guard list.count > 0 else { return nil }
        read(chunkOf: row)
        place = rows.firstPlace(from: UInt32(clamping: row))
        return place < rows.count ? Int(rows[place]) : nil
    }

    package mutating func contains(_ row: Int) -> Bool { first(from: row) == row }

    /// How many rows of the list stand before this one; nil if it is none of them.
    mutating func rank(of row: Int) -> Int? {
        if let rank = rank(besideLast: row) { return rank }
        guard contains(row) else { return nil }
        return chunk * PostingList.chunkRows + place
    }

    /// The same of a row that is beside the one that was looked for last; nil of any other.
    @inline(__always)
    mutating func rank(besideLast row: Int) -> Int? {
        let end = min(place + 2, rows.count)
        for near in min(max(0, place - 1), end)..<end where Int(rows[near]) == row {
            place = near
            return chunk * PostingList.chunkRows + near
        }
        return nil
    }

    /// Appends the rows that lie in a range.
    package mutating func append(in range: Range<Int>, to found: inout [UInt32]) {
        guard list.count > 0, !range.isEmpty else { return }
        read(chunkOf: range.lowerBound)
        var next = chunk
        while next < list.chunks {
            read(next)
            let start = rows.firstPlace(from: UInt32(clamping: range.lowerBound))
            let end = rows.firstPlace(from: UInt32(clamping: range.upperBound))
            found.append(contentsOf: rows[start..<end])
            if end < rows.count { return }
            next += 1
        }
    }

    /// Reads the chunk that a row is in, or would be.
    private mutating func read(chunkOf row: Int) {
        if let first = rows.first, let last = rows.last, Int(first) <= row, row <= Int(last) {
            return
        }
        read(list.chunk(of: row))
    }

    private mutating func read(_ wanted: Int) {
        guard wanted != chunk else { return }
        chunk = wanted
        rows.removeAll(keepingCapacity: true)
        rows.reserveCapacity(min(list.count, PostingList.chunkRows))
        list.append(wanted, to: &rows)
    }
}

extension [UInt32] {
    /// The place of the first value that is not below this one; the values are ascending.
    package func firstPlace(from value: UInt32) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
