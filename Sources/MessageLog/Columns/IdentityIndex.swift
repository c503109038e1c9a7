import Model

/// From ids to rows in a columns file: buckets of about four entries, each one byte of hash and a
/// row. A search for an absent id reads two bounds and about four bytes.
///
///     0   u64 seed                     8   u32 entries      12  u32 buckets
///     16  u32 offset of the bytes of hash                   20  u32 offset of the rows
///     24  packed array: where each bucket begins, and the end of the last one
///     ..  one byte of hash per entry
///     ..  packed array: the row of each entry, ascending within a bucket
@safe
struct IdentityIndex: @unchecked Sendable {
    static let headerBytes = 24
    static let entriesPerBucket = 4

    private let region: UnsafeRawBufferPointer
    private let seed: UInt64
    private let entries: Int
    private let buckets: Int
    private let starts: PackedArray
    private let prints: Int
    private let rowOfEntry: PackedArray
    private let pieces: CheckedPieces

    /// Nil if its parts do not lie inside `region`.
    init?(_ region: UnsafeRawBufferPointer, _ pieces: CheckedPieces) {
        guard region.count >= Self.headerBytes else { return nil }
        unsafe self.region = region
        seed = unsafe region.integer(at: 0)
        entries = unsafe Int(region.integer(at: 8, as: UInt32.self))
        buckets = unsafe Int(region.integer(at: 12, as: UInt32.self))
        prints = unsafe Int(region.integer(at: 16, as: UInt32.self))
        let rowsAt = unsafe Int(region.integer(at: 20, as: UInt32.self))
        guard rowsAt <= region.count, prints + entries <= region.count, buckets > 0,
            let starts = unsafe PackedArray(
                UnsafeRawBufferPointer(rebasing: region[Self.headerBytes...])),
            let rowOfEntry = unsafe PackedArray(
                UnsafeRawBufferPointer(rebasing: region[rowsAt...])),
            starts.count == buckets + 1, rowOfEntry.count == entries
        else { return nil }
        self.starts = starts
        self.rowOfEntry = rowOfEntry
        self.pieces = pieces
    }

    /// The bucket of a hash, and the byte that is kept of it.
    @inline(__always)
    private static func place(_ hash: UInt64, buckets: Int) -> (bucket: Int, print: UInt8) {
        let bucket = Int(truncatingIfNeeded: ((hash >> 32) &* UInt64(buckets)) >> 32)
        return (bucket, UInt8(truncatingIfNeeded: hash))
    }

    /// The first row, in ascending order, with the hash of `id` of which `accept` is true.
    @inline(__always)
    func first(_ id: MessageID, where accept: (Int) -> Bool) -> Int? {
        unsafe pieces.touch(UnsafeRawBufferPointer(rebasing: region[..<Self.headerBytes]))
        let hash = SeededHash.hash(id.high, id.low, seed: seed)
        let place = Self.place(hash, buckets: buckets)
        unsafe pieces.touch(starts.header)
        unsafe pieces.touch(rowOfEntry.header)
        unsafe pieces.touch(starts.part(place.bucket..<place.bucket + 2))
        let (begin, limit) = (starts[place.bucket], starts[place.bucket + 1])
        guard begin <= limit && limit <= UInt64(entries) else { return nil }
        var entry = Int(begin)
        let end = Int(limit)
        unsafe pieces.touch(
            UnsafeRawBufferPointer(rebasing: region[prints + entry..<prints + end]))
        unsafe pieces.touch(rowOfEntry.part(entry..<end))
        while entry < end {
            if unsafe region[prints &+ entry] == place.print {
                let row = Int(truncatingIfNeeded: rowOfEntry[entry])
                if accept(row) { return row }
            }
            entry &+= 1
        }
        return nil
    }

    /// Calls its argument with the row and the id's halves of every message, by row.
    typealias EveryID = (_ body: (UInt32, UInt64, UInt64) -> Void) -> Void

    /// Appends the index of the messages among some rows. Goes over the ids again and again,
    /// rather than keep what follows from them.
    static func append(to bytes: inout [UInt8], _ forEachID: EveryID) {
        var entries = 0
        forEachID { _, _, _ in entries += 1 }
        // The seed follows from all ids: the same rows make the same file, yet whoever sends some
        // of the ids cannot aim them at one bucket.
        var seed = UInt64(entries)
        forEachID { _, high, low in seed = SeededHash.hash(high, low, seed: seed) }
        let buckets = max(1, (entries + entriesPerBucket - 1) / entriesPerBucket)
        var starts: [UInt32] = Array(repeating: 0, count: buckets + 1)
        forEachID { _, high, low in
            let hash = SeededHash.hash(high, low, seed: seed)
            starts[place(hash, buckets: buckets).bucket + 1] += 1
        }
        for bucket in 0..<buckets { starts[bucket + 1] += starts[bucket] }
        var next = starts
        var prints: [UInt8] = Array(repeating: 0, count: entries)
        var rows: [UInt32] = Array(repeating: 0, count: entries)
        forEachID { row, high, low in
            let place = place(SeededHash.hash(high, low, seed: seed), buckets: buckets)
            let entry = Int(next[place.bucket])
            next[place.bucket] += 1
            prints[entry] = place.print
            rows[entry] = row
        }
        var startBytes: [UInt8] = []
        PackedArray.append(to: &startBytes, starts)
        bytes.append(integer: seed)
        bytes.append(integer: UInt32(entries))
        bytes.append(integer: UInt32(buckets))
        bytes.append(integer: UInt32(headerBytes + startBytes.count))
        bytes.append(integer: UInt32(headerBytes + startBytes.count + entries))
        bytes.append(contentsOf: startBytes)
        bytes.append(contentsOf: prints)
        PackedArray.append(to: &bytes, rows)
    }
}
