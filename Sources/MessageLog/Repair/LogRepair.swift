import Disk
import Model

/// Makes a log whole again of which files are damaged or missing: what can be read is kept, every
/// record at its sequence; what cannot be leaves a gap, and the damaged file stays beside.
///
/// Each step puts one file in place by a rename, so a repair that was cut short is begun again.
struct LogRepair {
    let disk: any Disk
    let directory: String
    let options: LogOptions
    var report = RepairReport()
    let notes = DamageNotes()
    var logID: LogID
    /// What the next segment must begin with.
    var next: UInt64 = 1

    /// - Throws: `.damaged` where files contradict each other, so that nobody can say which of them
    ///   is right; `.io`, `.full`, `.unsupportedVersion`.
    init(_ disk: any Disk, directory: String, options: LogOptions) throws(LogError) {
        self.disk = disk
        self.directory = directory
        self.options = options
        logID = LogID(high: options.randomWord(), low: options.randomWord())
    }

    mutating func run() throws(LogError) -> RepairReport {
        let names = try withLogErrors { () throws(DiskError) in try disk.list(directory) }
        let listing = try LogListing(names, directory: directory)
        if let known = knownID(listing) { logID = known }
        let units = listing.units
        for (place, unit) in units.enumerated() {
            guard unit.first >= next else { throw contradiction(unit.first) }
            guard unit.first - next <= Limits.repairedGapRecordsMax else {
                throw contradiction(unit.first, Self.farBehind)
            }
            try fill(upTo: unit.first, "their files are missing")
            switch unit {
            case .sealed(let range): try repair(range, listing)
            case .journal(let first):
                try repairJournal(
                    first, upTo: place + 1 < units.count ? units[place + 1].first : nil)
            }
        }
        for range in listing.archives where range.upperBound >= next {
            guard range.lowerBound >= next else { throw contradiction(range.lowerBound) }
            guard range.upperBound - next <= Limits.repairedGapRecordsMax else {
                throw contradiction(range.lowerBound, Self.farBehind)
            }
            try moveAside(LogFileName.archive(range.lowerBound, range.upperBound))
            try fill(upTo: range.upperBound + 1, "the columns of their archive are missing")
        }
        return report
    }

    func path(_ name: String) -> String { directory + "/" + name }

    private static let farBehind =
        "a file so far behind all others is none of them: take it away"

    private func contradiction(
        _ first: UInt64,
        _ reason: String = "files that overlap and do not contain each other: take one of them away"
    ) -> LogError {
        .damaged(
            Damage(
                path: directory, offset: 0, reason: reason, firstSequence: first, count: nil))
    }

    /// The log's id as any of its files has it.
    private func knownID(_ listing: LogListing) -> LogID? {
        for first in listing.journals {
            let file = try? disk.open(path(LogFileName.journal(first)), .read)
            if let file, let found = try? JournalHeader.read(file, first: first, logID: nil) {
                return found.header.logID
            }
        }
        for range in listing.archives {
            let name = LogFileName.archive(range.lowerBound, range.upperBound)
            if let archive = try? ArchiveFile(disk, path(name)) { return archive.logID }
        }
        return nil
    }
}

// MARK: - Journals without columns

extension LogRepair {
    mutating func repairJournal(_ first: UInt64, upTo end: UInt64?) throws(LogError) {
        let name = LogFileName.journal(first)
        let file = try withLogErrors { () throws(DiskError) in try disk.open(path(name), .read) }
        let reason: String
        do {
            let scanner = try JournalScanner(file, first: first, logID: logID)
            if let end {
                _ = try scanner.examineWhole(upTo: end)
                next = end
            } else {
                next = try scanner.examine().end.sequence
            }
            return
        } catch {
            guard case .damaged(let damage) = error else { throw error }
            reason = "\(damage.reason) in \(path(name))"
        }
        let salt = try JournalScanner.salt(of: file) ?? options.randomWord()
        var salvage = try JournalSalvage(
            disk, directory: directory, file: file, first: first, logID: logID, salt: salt)
        try keep(name)
        // What is missing behind it beyond one segment gets segments of its own.
        let most = first + UInt64(Limits.segmentRecordsMax)
        try salvage.write(upTo: end.map { min($0, most) })
        report.made.append(path(name))
        for lost in salvage.lost { report.lose(.records, lost.first, count: lost.count, reason) }
        next = salvage.following
    }

    /// Segments of nothing but gaps, up to the record before `end`.
    mutating func fill(upTo end: UInt64, _ reason: String) throws(LogError) {
        while next < end {
            let count = min(end - next, UInt64(Limits.segmentRecordsMax))
            let gaps = ActiveColumns(firstSequence: next, blockRows: options.blockRows)
            var gap = RecordBatch()
            gap.append(control: Record.Kind.gap, at: Timestamp(microseconds: 0), payload: [])
            for _ in 0..<count {
                unsafe gap.forEach { _, record in unsafe gaps.append(record, position: 0) }
            }
            let merged = MergedColumns([gaps.publish()], blockRows: options.blockRows)
            let bytes = ColumnsEncoder.encode(merged, payloads: .dropped)
            let path = path(LogFileName.columns(next, next + count - 1))
            try LogOpening.make(disk, directory, path) { file throws(DiskError) in
                try bytes.writeAll(to: file, at: 0)
            }
            report.made.append(path)
            report.lose(.records, next, count: count, reason)
            next += count
        }
    }
}

// MARK: - Damaged files

extension LogRepair {
    func exists(_ name: String) throws(LogError) -> Bool {
        try withLogErrors { () throws(DiskError) in try disk.size(of: path(name)) } != nil
    }

    /// Gives a file a second name, under which it stays when another one takes its place.
    mutating func keep(_ name: String) throws(LogError) {
        try keep(name) { (disk, from, to) throws(DiskError) in try disk.link(from, to: to) }
    }

    /// The same for a file in whose place none comes.
    mutating func moveAside(_ name: String) throws(LogError) {
        try keep(name) { (disk, from, to) throws(DiskError) in try disk.rename(from, to: to) }
    }

    private mutating func keep(
        _ name: String,
        by change: (any Disk, _ from: String, _ to: String) throws(DiskError) -> Void
    ) throws(LogError) {
        let kept = try keptName(of: name)
        try withLogErrors { () throws(DiskError) in
            try change(disk, path(name), path(kept))
            try disk.synchronizeDirectory(directory)
        }
        report.kept.append(path(kept))
    }

    private func keptName(of name: String) throws(LogError) -> String {
        var number = 1
        while try exists(LogFileName.damaged(name, number: number)) { number += 1 }
        return LogFileName.damaged(name, number: number)
    }
}

extension MessageLog {
    /// Repairs the log in `directory`, which nobody may have open. What is whole is left alone.
    /// - Returns: what was lost; its `records(at:)` belong into the log.
    package static func repair(
        _ disk: any Disk, directory: String, options: LogOptions
    ) throws(LogError) -> RepairReport {
        var repair = try LogRepair(disk, directory: directory, options: options)
        return try repair.run()
    }
}
