import LMDB
import Model
import Synchronization

/// The rollups of a prefix of the log, in LMDB, and the names that they need.
///
/// One thread may checkpoint while any number read, and while another one makes the environment
/// that takes the place of this one's (`replace`).
package final class RollupStore: Sendable {
    /// The directory of the LMDB environment.
    package let directory: String
    /// The names stored at the last checkpoint, and those interned since.
    package let names: NameTable
    let current: Mutex<Environment>
    /// 16 bytes that no other log has.
    package let logID: [UInt8]
    private let folded: Atomic<UInt64>
    /// Held by what changes the environment, or puts another in its place.
    let folding = Mutex(())

    private init(
        directory: String, names: NameTable, environment: Environment, meta: RollupMeta
    ) {
        self.directory = directory
        self.names = names
        current = Mutex(environment)
        logID = meta.logID
        folded = Atomic(meta.watermark)
    }

    /// Opens, or makes, the rollups of a log.
    /// - Parameters:
    ///   - directory: an existing directory.
    ///   - mapBytes: the most that LMDB's file may grow to.
    ///   - firstMapBytes: what its map begins with.
    ///   - logID: 16 bytes that no other log has; nil to take the rollups as they are.
    /// - Throws: `needsRebuild` where the directory's rollups are another log's, of another
    ///   format, or no rollups; `storage` where LMDB fails.
    package static func open(
        directory: String, mapBytes: Int, firstMapBytes: Int = Limits.indexMapBytesFirst,
        logID: [UInt8]?
    ) throws(RollupError) -> RollupStore {
        precondition(
            logID.map { $0.count == RollupMeta.logIDBytes } ?? true, "a log's id has 16 bytes")
        let environment: Environment
        do throws(LMDBError) {
            environment = try Environment.open(
                path: directory, mapBytes: min(mapBytes, firstMapBytes),
                mapBytesMax: mapBytes)
        } catch {
            throw error.needsRebuild ? .needsRebuild(error.description) : .storage(error)
        }
        let names = NameTable()
        let begin = { () throws(LMDBError) in try environment.beginRead() }
        let meta = try readMeta(storing(begin), logID: logID, directory)
        try loadNames(storing(begin), meta, into: names)
        return RollupStore(
            directory: directory, names: names, environment: environment, meta: meta)
    }

    private static func readMeta(
        _ transaction: consuming ReadTransaction, logID: [UInt8]?, _ directory: String
    ) throws(RollupError) -> RollupMeta {
        var stored: UnsafeRawBufferPointer?
        var isEmpty = false
        do throws(LMDBError) {
            unsafe stored = try transaction.get(RollupMeta.Key.meta)
            isEmpty = try transaction.withCursor { (cursor: inout Cursor) throws(LMDBError) in
                try !cursor.first()
            }
        } catch {
            throw .storage(error)
        }
        guard let bytes = unsafe stored else {
            guard isEmpty, let logID else {
                throw .needsRebuild("\(directory) has no first entry")
            }
            return RollupMeta(logID: logID)
        }
        let version = unsafe RollupMeta.version(bytes)
        guard version == RollupMeta.formatVersion else {
            throw .needsRebuild(
                "\(directory) has format \(version), this is \(RollupMeta.formatVersion)")
        }
        guard let meta = unsafe RollupMeta(bytes) else {
            throw .needsRebuild("the first entry of \(directory) is damaged")
        }
        guard logID == nil || meta.logID == logID else {
            throw .needsRebuild("\(directory) belongs to another log")
        }
        return meta
    }

    private static func loadNames(
        _ transaction: consuming ReadTransaction, _ meta: RollupMeta, into names: NameTable
    ) throws(RollupError) {
        var intact = true
        do throws(LMDBError) {
            try unsafe transaction.forEach(from: [RollupMeta.Key.name], upTo: RollupMeta.Key.rows) {
                (key, text) throws(LMDBError) in
                intact = unsafe isNext(key, text, in: names)
                return intact
            }
        } catch {
            throw .storage(error)
        }
        intact = intact && names.indexAppended()
        for (code, count) in meta.nameCounts.enumerated() {
            let dimension = Dimension(code: UInt8(code))
            if dimension == .category { continue }
            intact = intact && names.count(dimension) == Int(count)
        }
        if !intact { throw .needsRebuild("the stored names are damaged") }
    }

    /// Adds a stored name; false where it is none or does not get its id back.
    private static func isNext(
        _ key: UnsafeRawBufferPointer, _ text: UnsafeRawBufferPointer, in names: NameTable
    ) -> Bool {
        guard key.count == 6, text.count <= Limits.nameBytesMax,
            unsafe key[1] != Dimension.category.code
        else { return false }
        let id = unsafe UInt32(bigEndian: key.loadUnaligned(fromByteOffset: 2, as: UInt32.self))
        return unsafe names.append(Dimension(code: key[1]), text) == id
    }

    /// The environment at this moment; transactions begun in it outlive its being replaced.
    var environment: Environment { current.withLock { $0 } }

    /// The most that LMDB's file may grow to.
    package var mapBytesMax: Int { environment.mapBytesMax }

    /// The last sequence that is folded in.
    package var watermark: UInt64 { folded.load(ordering: .acquiring) }

    /// Begins to read the last checkpoint's state.
    package func beginRead() throws(RollupError) -> RollupReader {
        let transaction = try storing { () throws(LMDBError) in try environment.beginRead() }
        let meta = try storedMeta(transaction)
        return RollupReader(transaction: transaction, meta: meta)
    }

    /// The stored meta entry, or that of no rows.
    private func storedMeta(
        _ transaction: borrowing some Readable & ~Copyable
    ) throws(RollupError) -> RollupMeta {
        var stored: UnsafeRawBufferPointer?
        do throws(LMDBError) {
            unsafe stored = try transaction.get(RollupMeta.Key.meta)
        } catch {
            throw .storage(error)
        }
        guard let bytes = unsafe stored else { return RollupMeta(logID: logID) }
        guard let meta = unsafe RollupMeta(bytes) else { throw .damaged("the first entry") }
        return meta
    }

    /// Folds runs in, in one transaction: rows, the names they need, and the watermark.
    /// - Parameters:
    ///   - runs: neighbouring, in order, the first one from behind the watermark on.
    ///   - names: the table that the runs' ids are of.
    ///   - minutesFrom: from when on counts per minute are kept, by the records up to the last run;
    ///     nil for all. What is stored of earlier ones goes, for good.
    package func checkpoint(
        _ runs: [Run], names: NameTable, minutesFrom: Timestamp? = nil
    ) throws(RollupError) {
        try folding.withLock { (_) throws(RollupError) in
            let environment = environment
            while true {
                do throws(RollupError) {
                    return try fold(runs, names, minutesFrom, environment)
                } catch {
                    // The transaction has ended without a trace.
                    guard case .storage(let failure) = error, failure.isMapFull,
                        try storing({ () throws(LMDBError) in try environment.growMap() })
                    else { throw error }
                }
            }
        }
    }

    private func fold(
        _ runs: [Run], _ names: NameTable, _ minutesFrom: Timestamp?,
        _ environment: Environment
    ) throws(RollupError) {
        guard let last = runs.last else { return }
        var transaction = try storing { () throws(LMDBError) in try environment.beginWrite() }
        var meta = try storedMeta(transaction)
        var next = meta.watermark + 1
        for run in runs {
            precondition(
                run.sequences.lowerBound == next,
                "runs are folded in without a gap: \(run.sequences) at \(next)")
            next = run.sequences.upperBound + 1
        }
        let kept = max(meta.minutesFrom, minutesFrom?.microseconds ?? .min)
        var fold = Checkpoint(rowsAreNew: meta.watermark == 0, minutesFrom: kept)
        do throws(LMDBError) {
            if kept > meta.minutesFrom { try fold.dropMinutes(&transaction) }
            meta.minutesFrom = kept
            try fold.putNames(&transaction, names, Run.largestCounts(runs), &meta)
            meta.watermark = last.sequences.upperBound
            meta.hours = meta.hours.spanning(Run.hours(of: runs))
            try transaction.put(RollupMeta.Key.meta, meta.encoded)
        } catch {
            throw .storage(error)
        }
        try fold.putRows(&transaction, runs)
        do throws(LMDBError) { try transaction.commit() } catch { throw .storage(error) }
        folded.store(meta.watermark, ordering: .releasing)
    }

    /// Puts the last checkpoint on stable storage: without it, a power cut may lose that one.
    package func synchronize() throws(RollupError) {
        do { try environment.synchronize() } catch { throw .storage(error) }
    }

    /// How much of LMDB's file is in use.
    package func fileUse() throws(RollupError) -> FileUse {
        let found = try statistics()
        return FileUse(fileBytes: found.fileBytes, usedBytes: found.usedBytes)
    }

    /// Sizes of LMDB's file: see `Statistics`.
    package func statistics() throws(RollupError) -> Statistics {
        do { return try environment.statistics() } catch { throw .storage(error) }
    }
}
