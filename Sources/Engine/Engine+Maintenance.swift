import Disk
import MessageLog
import Model
import Rollup

/// What a verification of a whole store found.
package struct StoreReport: Sendable {
    package var log: VerifyReport
    /// Whether the rollups are what the log's columns give, byte for byte.
    package var rollupsAreRight: Bool

    package var isSound: Bool { log.isSound && rollupsAreRight }
}

extension Engine {
    /// Reads the log again, and computes all rollups again beside those that are kept.
    /// - Parameter progress: is told, now and then, how much of how much is done.
    package func verify(
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(EngineError) -> StoreReport {
        let total = 2 * Int(try checkpoint())
        var done = 0
        let advance = { (records: Int) in
            done += records
            progress(done, total)
        }
        let report: VerifyReport
        do { report = try log.verify(advanced: advance) } catch { throw .log(error) }
        let kept = try physicalDump()
        let areRight = try keeper.recompute(advanced: advance) { again throws(RollupError) in
            guard try Self.dump(of: again) == kept else { return false }
            let reader = try store.beginRead()
            let expected = try again.beginRead()
            // Of what was folded in meanwhile there is nothing to compare it with.
            if reader.watermark != expected.watermark { return true }
            return try reader.finds(everyEntryOf: expected)
        }
        return StoreReport(log: report, rollupsAreRight: areRight)
    }

    /// What the store takes on disk, and how many names it knows, as lines of INFO.
    package func storage() -> [(String, String)] {
        let snapshot = log.snapshot
        let log = snapshot.figures
        let rollups = (try? PosixDisk().size(of: directory + "/rollups/data.mdb")) ?? nil
        let each = { (bytes: Int, records: Int) in
            records == 0 ? "0" : "\((Double(bytes) / Double(records) * 10).rounded() / 10)"
        }
        var lines = [
            ("segments", "\(log.segments)"), ("archives", "\(log.archives)"),
            ("records", "\(log.records)"), ("archived_records", "\(log.archivedRecords)"),
            ("journal_bytes", "\(log.journalBytes)"), ("columns_bytes", "\(log.columnsBytes)"),
            ("archive_bytes", "\(log.archiveBytes)"),
            ("archived_payload_bytes", "\(log.archivedPayloadBytes)"),
            ("archive_bytes_per_record", each(log.archiveBytes, log.archivedRecords)),
            ("dropped_records", "\(log.droppedRecords)"),
            ("columns_bytes_per_record", each(log.columnsBytes, log.records)),
            ("rollup_bytes", "\(rollups ?? 0)"),
            ("rollup_bytes_per_record", each(rollups ?? 0, log.records)),
        ]
        if let work = self.log.archiveWork {
            lines.append(("archiving_done", "\(min(work.done, work.total))"))
            lines.append(("archiving_total", "\(work.total)"))
        }
        let losses = snapshot.controls.compactMap { Loss($0.record) }
        for (what, word) in [(Loss.What.records, "records"), (.payloads, "payloads")] {
            let lost = losses.reduce(0) { $0 + ($1.what == what ? $1.count : 0) }
            if lost > 0 { lines.append(("lost_\(word)", "\(lost)")) }
        }
        if let from = snapshot.payloadsFrom {
            lines.append(("payloads_from", "\(from.microseconds / 1_000_000)"))
            lines.append(("payloads_from_sequence", "\(snapshot.payloadsFromSequence)"))
        }
        if let from = snapshot.minutesFrom(upTo: .max) {
            lines.append(("minutes_from", "\(from.microseconds / 1_000_000)"))
        }
        for dimension in [Dimension.topic, .user, .package, .agent, .object, .signature] {
            lines.append(("names_\(dimension.word ?? "")", "\(names.count(dimension))"))
        }
        return lines
    }

    /// Makes archives of all that is in journals now, merges what can be merged, and rewrites the
    /// rollups' file. Takes its time; appends and readers go on.
    package func compact() throws(EngineError) {
        try roll()
        try compactor.perform { [compactor, keeper] () throws(EngineError) in
            try compactor.compact(everything: true)
            try keeper.rewrite()
        }
    }

    /// Computes the rollups again from the log's columns, beside those that are there, and puts
    /// them in their place. Appends and readers go on.
    /// - Returns: the last sequence that the new rollups cover.
    package func rebuild() throws(EngineError) -> UInt64 {
        // Of a damaged log that is served all the same, what is lost may still be in the rollups.
        if log.isReadOnly { throw .log(.readOnly) }
        try compactor.perform { [keeper] () throws(EngineError) in try keeper.rebuild() }
        return try checkpoint()
    }

    /// Copies the log into the directory `target`, as of one sequence: all that is there now. Files
    /// that an earlier backup copied stay as they are. Appends and readers go on.
    /// - Returns: the last sequence that the copy has.
    /// - Throws: `.held` where a store is open in the directory, this one or another;
    ///   `.log(.noBackup)` where it has what is not a backup of this store.
    package func backup(to target: String) throws(EngineError) -> UInt64 {
        // Of a store that is open, this one above all, a backup would remove what it appends.
        let claim = try Self.claim(ifStore: target)
        defer { withExtendedLifetime(claim) {} }
        try roll()
        return try compactor.perform { [log] () throws(EngineError) in
            do throws(LogError) {
                return try log.backup(to: target + "/log").end
            } catch {
                throw EngineError.log(error)
            }
        }
    }

    /// Makes a store in `directory`, which must be absent or empty, of the backup in `source`. All
    /// of the backup is read and checked before anything is copied; the rollups are computed when
    /// the store is first opened.
    package static func restore(
        from source: String, to directory: String
    ) throws(EngineError) -> BackupReport {
        let disk = PosixDisk()
        let isAbsent: Bool
        do throws(LogError) {
            isAbsent = try MessageLog.isAbsent(disk, directory: source + "/log")
        } catch { throw .log(error) }
        if isAbsent { throw .noLog(source) }
        let isEmpty: Bool
        do throws(DiskError) {
            try disk.makeDirectory(directory)
            isEmpty = try disk.list(directory).isEmpty
        } catch { throw .directory(error) }
        guard isEmpty else { throw .notEmpty(directory) }
        do throws(LogError) {
            let log = try MessageLog.open(
                disk, directory: source + "/log",
                options: LogOptions(readOnly: true, randomWord: { 0 }))
            if let damage = try log.verify().damage.first { throw .damaged(damage) }
            return try log.backup(to: directory + "/log")
        } catch { throw .log(error) }
    }

    /// Makes the store in `directory`, which nobody may have open, whole again: damaged files are
    /// kept aside, what they have and can be read is kept, and gap records say what is lost.
    package static func repair(
        directory: String, options: Options = Options()
    ) throws(EngineError) -> RepairReport {
        let report = try alone(in: directory) { () throws(EngineError) in
            let report: RepairReport
            do throws(LogError) {
                report = try MessageLog.repair(
                    options.disk, directory: directory + "/log", options: options.log)
            } catch { throw .log(error) }
            // Sequences may have become gaps, so the rollups are computed again.
            if !report.changedNothing {
                try RollupPlaces(store: directory).drop()
                try RollupPlaces(store: directory).dropRules()
            }
            return report
        }
        let engine = try Engine(directory: directory, options: options)
        if !report.losses.isEmpty {
            try engine.queue.append(control: report.records(at: options.clock()))
        }
        try engine.close()
        return report
    }

    /// Ends the journal that takes appends, and waits until all that is in it is sealed.
    private func roll() throws(EngineError) {
        // What failed before is tried again.
        progress.monitor.change { $0.sealingFailure = nil }
        try queue.append(control: RecordBatch(), rolls: true)
        let failure = progress.monitor.wait { counters -> String?? in
            if counters.unsealed == 0 || counters.closing { return .some(nil) }
            return counters.sealingFailure.map { .some($0) }
        }
        if let failure, let failure { throw .compaction(failure) }
    }

    /// Runs `body` while nobody else has the store.
    static func alone<Result>(
        in directory: String, _ body: () throws(EngineError) -> Result
    ) throws(EngineError) -> Result {
        let lock = try claim(directory)
        let result = try body()
        withExtendedLifetime(lock) {}
        return result
    }

    /// Claims a directory that was opened as a store at some time; nil for any other.
    private static func claim(
        ifStore directory: String
    ) throws(EngineError) -> DirectoryLock? {
        do throws(DiskError) {
            guard try PosixDisk().size(of: directory + "/lock") != nil else { return nil }
        } catch { throw .directory(error) }
        return try claim(directory)
    }

    /// Claims a directory for this process.
    static func claim(_ directory: String) throws(EngineError) -> DirectoryLock {
        do { return try DirectoryLock.acquire(directory) } catch { throw .held(error) }
    }

    /// Drops the rollups of the store in `directory`, which nobody may have open, and computes them
    /// again from the log's columns.
    /// - Returns: the last sequence that the new rollups cover.
    package static func rebuild(
        directory: String, options: Options = Options()
    ) throws(EngineError) -> UInt64 {
        try alone(in: directory) { () throws(EngineError) in
            try RollupPlaces(store: directory).drop()
            try RollupPlaces(store: directory).dropRules()
        }
        let engine = try Engine(directory: directory, options: options)
        let watermark = try engine.checkpoint()
        try engine.close()
        return watermark
    }

    /// Calls `body` with all stored keys and values: equal logs give equal ones.
    package func physicalDump(
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) throws(EngineError) {
        do { try unsafe store.beginRead().physicalDump(body) } catch { throw .rollup(error) }
    }

    /// All stored keys and values, with their lengths.
    package func physicalDump() throws(EngineError) -> [UInt8] {
        do { return try Self.dump(of: store) } catch { throw .rollup(error) }
    }

    /// One line per stored count, by name: the same messages in any order give the same lines.
    package func logicalDump(_ body: (String) -> Void) throws(EngineError) {
        do {
            try store.beginRead().logicalDump(names: names, body)
        } catch { throw .rollup(error) }
    }

    private static func dump(of store: RollupStore) throws(RollupError) -> [UInt8] {
        var bytes: [UInt8] = []
        try unsafe store.beginRead().physicalDump { key, value in
            bytes.append(integer: UInt32(key.count))
            bytes.append(integer: UInt32(value.count))
            unsafe bytes.append(contentsOf: key)
            unsafe bytes.append(contentsOf: value)
        }
        return bytes
    }
}
