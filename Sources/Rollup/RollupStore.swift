import LMDB
import Model
import Synchronization

/// The rollups of a prefix of the log, in LMDB, and the names that they need.
///
/// One thread may checkpoint while any number read.
package final class RollupStore: Sendable {
    /// The directory of the LMDB environment.
    package let directory: String
    /// The names stored at the last checkpoint, and those interned since.
    package let names: NameTable
    private let environment: Environment
    private let logID: [UInt8]
    private let folded: Atomic<UInt64>

    private init(
        directory: String, names: NameTable, environment: Environment, meta: RollupMeta
    ) {
        self.directory = directory
        self.names = names
        self.environment = environment
        logID = meta.logID
        folded = Atomic(meta.watermark)
    }

    /// Opens, or makes, the rollups of a log.
    /// - Parameters:
    ///   - directory: an existing directory.
    ///   - mapBytes: the most that LMDB's file may grow to.
    ///   - logID: 16 bytes that no other log has.
    /// - Throws: `needsRebuild` where the directory's rollups are another log's, of another
    ///   format, or no rollups; `storage` where LMDB fails.
    package static func open(
        directory: String, mapBytes: Int, logID: [UInt8]
    ) throws(RollupError) -> RollupStore {
        precondition(logID.count == RollupMeta.logIDBytes, "a log's id has 16 bytes")
        do {
            let environment = try Environment.open(path: directory, mapBytes: mapBytes)
            let names = NameTable()
            let meta = try readMeta(environment.beginRead(), logID: logID, directory)
            try loadNames(environment.beginRead(), meta, into: names)
            return RollupStore(
                directory: directory, names: names, environment: environment, meta: meta)
        } catch let error as LMDBError {
            throw error.needsRebuild ? .needsRebuild(error.description) : .storage(error)
        } catch let error as RollupError {
            throw error
        } catch {
            preconditionFailure("only LMDB and the rollups throw here, not \(error)")
        }
    }

    private static func readMeta(
        _ transaction: consuming ReadTransaction, logID: [UInt8], _ directory: String
    ) throws -> RollupMeta {
        guard let bytes = unsafe try transaction.get(RollupMeta.Key.meta) else {
            let isEmpty = try transaction.withCursor { cursor in try !cursor.first() }
            guard isEmpty else {
                throw RollupError.needsRebuild("\(directory) has rows without a first entry")
            }
            return RollupMeta(logID: logID)
        }
        let version = unsafe RollupMeta.version(bytes)
        guard version == RollupMeta.formatVersion else {
            throw RollupError.needsRebuild(
                "\(directory) has format \(version), this is \(RollupMeta.formatVersion)")
        }
        guard let meta = unsafe RollupMeta(bytes) else {
            throw RollupError.needsRebuild("the first entry of \(directory) is damaged")
        }
        guard meta.logID == logID else {
            throw RollupError.needsRebuild("\(directory) belongs to another log")
        }
        return meta
    }

    private static func loadNames(
        _ transaction: consuming ReadTransaction, _ meta: RollupMeta, into names: NameTable
    ) throws {
        var intact = true
        try unsafe transaction.forEach(from: [RollupMeta.Key.name], upTo: RollupMeta.Key.rows) {
            (key, text) throws(LMDBError) in
            guard key.count == 6, text.count <= Limits.nameBytesMax else {
                intact = false
                return false
            }
            let dimension = unsafe Dimension(code: key[1])
            let id = unsafe UInt32(
                bigEndian: key.loadUnaligned(fromByteOffset: 2, as: UInt32.self))
            intact = unsafe names.intern(dimension, text) == id
            return intact
        }
        for (code, count) in meta.nameCounts.enumerated() {
            let dimension = Dimension(code: UInt8(code))
            if dimension == .category { continue }
            intact = intact && names.count(dimension) == Int(count)
        }
        if !intact { throw RollupError.needsRebuild("the stored names are damaged") }
    }

    /// The last sequence that is folded in.
    package var watermark: UInt64 { folded.load(ordering: .acquiring) }

    /// Begins to read the last checkpoint's state.
    package func beginRead() throws(RollupError) -> RollupReader {
        do {
            let transaction = try environment.beginRead()
            guard let bytes = unsafe try transaction.get(RollupMeta.Key.meta) else {
                return RollupReader(transaction: transaction, meta: RollupMeta(logID: logID))
            }
            guard let meta = unsafe RollupMeta(bytes) else {
                throw RollupError.damaged("the first entry")
            }
            return RollupReader(transaction: transaction, meta: meta)
        } catch let error as LMDBError {
            throw .storage(error)
        } catch let error as RollupError {
            throw error
        } catch {
            preconditionFailure("only LMDB and the rollups throw here, not \(error)")
        }
    }

    /// Folds runs in, in one transaction: rows, the names they need, and the watermark.
    /// - Parameters:
    ///   - runs: neighbouring, in order, the first one from behind the watermark on.
    ///   - names: the table that the runs' ids are of.
    package func checkpoint(_ runs: [Run], names: NameTable) throws(RollupError) {
        guard let last = runs.last else { return }
        do {
            var transaction = try environment.beginWrite()
            var meta = RollupMeta(logID: logID)
            if let bytes = unsafe try transaction.get(RollupMeta.Key.meta) {
                guard let stored = unsafe RollupMeta(bytes) else {
                    throw RollupError.damaged("the first entry")
                }
                meta = stored
            }
            var next = meta.watermark + 1
            for run in runs {
                precondition(
                    run.sequences.lowerBound == next,
                    "runs are folded in without a gap: \(run.sequences) at \(next)")
                next = run.sequences.upperBound + 1
            }
            var fold = Checkpoint(rowsAreNew: meta.watermark == 0)
            let counts = Run.largestCounts(runs)
            try fold.putNames(&transaction, names, counts, &meta)
            meta.watermark = last.sequences.upperBound
            meta.hours = meta.hours.spanning(Run.hours(of: runs))
            try transaction.put(RollupMeta.Key.meta, meta.encoded)
            try fold.putRows(&transaction, runs)
            try transaction.commit()
            folded.store(meta.watermark, ordering: .releasing)
        } catch let error as LMDBError {
            throw .storage(error)
        } catch let error as RollupError {
            throw error
        } catch {
            preconditionFailure("only LMDB and the rollups throw here, not \(error)")
        }
    }

    /// Sizes of LMDB's file: see `Statistics`.
    package func statistics() throws(RollupError) -> Statistics {
        do { return try environment.statistics() } catch { throw .storage(error) }
    }
}
