import LMDB
import Model

extension RollupStore {
    /// Bytes after which a transaction of a rewrite is committed, so that memory stays bounded.
    private static let rewriteCommitBytes = 32 << 20

    /// Writes the last checkpoint's state into another directory, in key order and with full
    /// pages. The caller puts the directory in this one's place once no view is open.
    ///
    /// The entry that makes the copy valid is written last: a copy that was cut short is refused by
    /// `open` as `needsRebuild`.
    /// - Parameter target: an existing, empty directory.
    package func compact(to target: String, mapBytes: Int) throws(RollupError) {
        let source = try beginRead()
        do throws(LMDBError) {
            let copy = try Environment.open(path: target, mapBytes: mapBytes)
            var next: [UInt8]? = []
            while let start = next {
                next = try Self.copySome(of: source, from: start, to: copy)
            }
            var transaction = try copy.beginWrite()
            try transaction.put(RollupMeta.Key.meta, source.encodedMeta)
            try transaction.commit()
            try copy.synchronize()
        } catch {
            throw .storage(error)
        }
    }

    /// Copies entries from `start` on in one transaction; returns where to go on, or nil.
    private static func copySome(
        of source: borrowing RollupReader, from start: [UInt8], to copy: Environment
    ) throws(LMDBError) -> [UInt8]? {
        var transaction = try copy.beginWrite()
        var bytes = 0
        var next: [UInt8]?
        try unsafe source.forEachEntry(from: start) { (key, value) throws(LMDBError) in
            // The first entry comes last.
            if unsafe key[0] == RollupMeta.Key.meta[0] { return true }
            if bytes > rewriteCommitBytes {
                next = unsafe Array(key)
                return false
            }
            bytes += value.count
            unsafe try transaction.append(key, value)
            return true
        }
        try transaction.commit()
        return next
    }
}
