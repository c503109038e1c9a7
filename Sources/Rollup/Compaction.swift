import LMDB
import Model

extension RollupStore {
    /// Bytes after which a transaction of a rewrite is committed, so that memory stays bounded.
    private static let rewriteCommitBytes = 32 << 20

    /// Writes the last checkpoint's state into another directory, in key order and with full
    /// pages. Readers and checkpoints go on; the pages that these free meanwhile stay unused.
    ///
    /// The entry that makes the copy valid is written last: a copy that was cut short is refused by
    /// `open` as `needsRebuild`.
    /// - Parameters:
    ///   - target: an existing, empty directory.
    ///   - isStopped: asked now and then.
    /// - Returns: false if it was stopped; the copy is useless then.
    @discardableResult
    package func compact(
        to target: String, isStopped: () -> Bool = { false }
    ) throws(RollupError) -> Bool {
        try makeRoom()
        let (mapBytes, mapBytesMax) = (environment.mapBytes, environment.mapBytesMax)
        let source = try beginRead()
        do throws(LMDBError) {
            let copy = try Environment.open(
                path: target, mapBytes: mapBytes, mapBytesMax: mapBytesMax)
            var next: [UInt8]? = []
            while let start = next {
                if isStopped() { return false }
                do {
                    next = try Self.copySome(of: source, from: start, to: copy)
                } catch {
                    guard error.isMapFull, try copy.growMap() else { throw error }
                }
            }
            // The rollups of no records are an empty file, as they were before.
            if source.watermark > 0 {
                var transaction = try copy.beginWrite()
                try transaction.put(RollupMeta.Key.meta, source.encodedMeta)
                try transaction.commit()
            }
            try copy.synchronize()
            return true
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
