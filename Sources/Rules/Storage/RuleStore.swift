import LMDB
import Model
import Synchronization

/// What is stored of one rule: the rows of a prefix of the log, in an LMDB environment of its own,
/// so that dropping the rule is removing a directory.
///
/// One thread may fold while any number read.
package final class RuleStore: Sendable {
    private let environment: Environment
    private let program: RuleProgram
    private let identity: [UInt8]
    private let folded: Atomic<UInt64>
    package let groups: RuleGroups
    /// As of the last fold.
    private let lost: Mutex<RuleLosses>

    private init(
        _ environment: Environment, _ program: RuleProgram, _ meta: RuleMeta, _ groups: RuleGroups
    ) {
        self.environment = environment
        self.program = program
        self.groups = groups
        identity = meta.identity
        folded = Atomic(meta.watermark)
        lost = Mutex(meta.losses)
    }

    /// Opens, or makes, what is stored of a rule.
    /// - Parameters:
    ///   - directory: an existing directory.
    ///   - identity: 16 bytes that no other log, rule or definition has.
    /// - Throws: `needsRebuild` where something else is in the directory; `storage`.
    package static func open(
        directory: String, _ program: RuleProgram, identity: [UInt8]
    ) throws(RuleStoreError) -> RuleStore {
        let environment: Environment
        do throws(LMDBError) {
            environment = try Environment.open(
                path: directory, mapBytes: Limits.ruleMapBytesFirst,
                mapBytesMax: Limits.ruleMapBytesMax)
        } catch {
            throw error.needsRebuild ? .needsRebuild(error.description) : .storage(error)
        }
        let begin = { () throws(LMDBError) in try environment.beginRead() }
        let groups = RuleGroups(limit: program.rule.groupsMax)
        let meta = try load(
            storing(begin), identity, groups, keys: program.rule.keys.count, directory)
        return RuleStore(environment, program, meta, groups)
    }

    private static func load(
        _ transaction: consuming ReadTransaction, _ identity: [UInt8], _ groups: RuleGroups,
        keys: Int, _ directory: String
    ) throws(RuleStoreError) -> RuleMeta {
        guard let meta = try storedMeta(transaction) else {
            let isEmpty: Bool
            do throws(LMDBError) {
                isEmpty = try transaction.withCursor { (cursor: inout Cursor) throws(LMDBError) in
                    try !cursor.first()
                }
            } catch { throw .storage(error) }
            guard isEmpty else { throw .needsRebuild("\(directory) has no first entry") }
            return RuleMeta(identity: identity)
        }
        guard meta.identity == identity else {
            throw .needsRebuild("\(directory) is of another log or rule")
        }
        var areWhole = true
        do throws(LMDBError) {
            try unsafe transaction.forEach(
                from: [RuleMeta.Key.group], upTo: RuleMeta.Key.groupsEnd
            ) { (_, key) throws(LMDBError) in
                let key = unsafe Array(key)
                areWhole = areWhole && GroupKey.values(key)?.count == keys
                _ = groups.admit(key)
                return areWhole
            }
        } catch { throw .storage(error) }
        guard areWhole, groups.count == Int(meta.groupCount) else {
            throw .needsRebuild("the groups in \(directory) are damaged")
        }
        return meta
    }

    private static func storedMeta(
        _ transaction: borrowing some Readable & ~Copyable
    ) throws(RuleStoreError) -> RuleMeta? {
        var stored: UnsafeRawBufferPointer?
        do throws(LMDBError) { unsafe stored = try transaction.get(RuleMeta.Key.meta) } catch {
            throw .storage(error)
        }
        guard let bytes = unsafe stored else { return nil }
        guard let meta = unsafe RuleMeta(bytes) else {
            throw .needsRebuild("the first entry is damaged, or of another version")
        }
        return meta
    }

    /// The last sequence that is folded in.
    package var watermark: UInt64 { folded.load(ordering: .acquiring) }

    /// What could not be looked at up to the watermark.
    package var losses: RuleLosses { lost.withLock { $0 } }

    /// How much of LMDB's file is in use, in bytes.
    package var usedBytes: Int { (try? environment.statistics().usedBytes) ?? 0 }

    /// Begins to read the last fold's state.
    package func beginRead() throws(RuleStoreError) -> RuleReading {
        let transaction = try storing { () throws(LMDBError) in try environment.beginRead() }
        let meta = try Self.storedMeta(transaction)
        return RuleReading(transaction, program, meta)
    }

    /// Folds a run in, in one transaction: rows of all widths, new groups, and the watermark.
    /// - Parameters:
    ///   - run: from behind the watermark on.
    ///   - horizons: by width, in seconds: buckets that begin before are not kept.
    package func fold(_ run: RuleRun, horizons: [Int64]) throws(RuleStoreError) {
        while true {
            do throws(RuleStoreError) {
                return try foldOnce(run, horizons)
            } catch {
                // The transaction has ended without a trace.
                guard case .storage(let failure) = error, failure.isMapFull,
                    try storing({ () throws(LMDBError) in try environment.growMap() })
                else { throw error }
            }
        }
    }

    private func foldOnce(_ run: RuleRun, _ horizons: [Int64]) throws(RuleStoreError) {
        var transaction = try storing { () throws(LMDBError) in try environment.beginWrite() }
        var meta = try Self.storedMeta(transaction) ?? RuleMeta(identity: identity)
        precondition(
            run.sequences.lowerBound == meta.watermark + 1,
            "runs are folded in without a gap: \(run.sequences) at \(meta.watermark)")
        let texts = groups.texts
        do throws(LMDBError) {
            for number in Int(meta.groupCount)..<max(run.groupCount, Int(meta.groupCount)) {
                let number = UInt32(number + 1)
                try transaction.put(RuleMeta.Key.group(number), Array(texts.key(number)))
            }
        } catch { throw .storage(error) }
        meta.groupCount = UInt32(max(run.groupCount, Int(meta.groupCount)))
        meta.watermark = run.sequences.upperBound
        meta.losses.merge(run.losses)
        var cells = run.cells
        for (place, width) in program.rule.widths.enumerated() {
            if place > 0 { cells = Self.coarser(cells, width.seconds) }
            try put(cells[...], width: place, from: horizons[place], &transaction)
        }
        do throws(LMDBError) {
            try transaction.put(RuleMeta.Key.meta, meta.encoded)
            try transaction.commit()
        } catch { throw .storage(error) }
        lost.withLock { $0 = meta.losses }
        folded.store(meta.watermark, ordering: .releasing)
    }

    /// The cells of wider buckets, in the same order.
    private static func coarser(_ cells: [RuleRun.Cell], _ seconds: Int64) -> [RuleRun.Cell] {
        var builder = RuleRunBuilder()
        for cell in cells {
            var wider = cell
            wider.start = cell.start.floorDivided(by: seconds) * seconds
            builder.add(wider)
        }
        return builder.sorted
    }

    private func put(
        _ cells: ArraySlice<RuleRun.Cell>, width: Int, from horizon: Int64,
        _ transaction: inout WriteTransaction
    ) throws(RuleStoreError) {
        var rest = cells.drop { $0.start < horizon }
        while let first = rest.first {
            let block = first.group / RuleRowKey.groupsPerBlock
            let row = rest.prefix {
                $0.start == first.start && $0.group / RuleRowKey.groupsPerBlock == block
            }
            rest = rest[row.endIndex...]
            let key = RuleRowKey(width: width, start: first.start, block: block).bytes
            var entries = row.map { ($0.group, $0.state) }
            let known: [RuleRow.Entry]? = try stored(key, block, transaction)
            if let known { entries = RuleRow.merge(known, entries) }
            do throws(LMDBError) { try transaction.put(key, RuleRow.encode(entries)) } catch {
                throw .storage(error)
            }
        }
    }

    private func stored(
        _ key: [UInt8], _ block: UInt32, _ transaction: borrowing WriteTransaction
    ) throws(RuleStoreError) -> [RuleRow.Entry]? {
        var value: UnsafeRawBufferPointer?
        do throws(LMDBError) { unsafe value = try transaction.get(key) } catch {
            throw .storage(error)
        }
        guard let bytes = unsafe value else { return nil }
        do throws(PackedDamage) {
            return unsafe try RuleRow.decode(bytes, block: block, program.shapes)
        } catch { throw .damaged("a row of the rule is damaged") }
    }

    /// Deletes buckets of a width that begin before `horizon`, in seconds; some of them where they
    /// are many.
    /// - Returns: whether some are left.
    package func deleteBuckets(
        ofWidth width: Int, before horizon: Int64
    ) throws(RuleStoreError) -> Bool {
        do throws(LMDBError) {
            var transaction = try environment.beginWrite()
            let count = try transaction.delete(
                from: RuleRowKey(width: width, start: .min).bytes,
                upTo: RuleRowKey(width: width, start: horizon).bytes,
                atMost: Limits.ruleDeletedRowsMax)
            if count > 0 { try transaction.commit() }
            return count == Limits.ruleDeletedRowsMax
        } catch { throw .storage(error) }
    }

    /// Puts the last fold on stable storage: without it, a power cut may lose that one.
    package func synchronize() throws(RuleStoreError) {
        do { try environment.synchronize() } catch { throw .storage(error) }
    }
}

/// Turns LMDB's errors into this room's.
func storing<Result: ~Copyable>(
    _ body: () throws(LMDBError) -> Result
) throws(RuleStoreError) -> Result {
    do { return try body() } catch { throw .storage(error) }
}
