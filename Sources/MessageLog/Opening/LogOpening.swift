import Disk
import Model

/// A log as it was found, ready to serve.
struct OpenedLog {
    var logID: LogID?
    var segments: [Segment] = []
    /// Segments that are full and have no columns file yet.
    var unsealed: [UnsealedSegment] = []
    var active: ActiveSegment?
    var nextSequence: UInt64 = 1
    var report = RecoveryReport()
    let notes = DamageNotes()
}

/// A segment that takes no more appends and whose columns are still in memory only.
struct UnsealedSegment: Sendable {
    var segment: Segment
    /// The end of the journal's last batch; what lies behind was reserved and is not needed.
    var journalEnd: Int
}

/// Opens a log: takes the listing as the manifest, replays what has no columns, refuses damage.
struct LogOpening {
    let disk: any Disk
    let directory: String
    let options: LogOptions
    var log = OpenedLog()

    init(_ disk: any Disk, directory: String, options: LogOptions) {
        self.disk = disk
        self.directory = directory
        self.options = options
    }

    mutating func run() throws(LogError) -> OpenedLog {
        let names = try prepareDirectory()
        let listing = try LogListing(names, directory: directory)
        if !options.readOnly { try remove(listing.unfinished) }
        let units = listing.units
        for (place, unit) in units.enumerated() {
            if unit.first > log.nextSequence, case .damaged(let hole) = misplaced(unit) {
                try tolerating(first: log.nextSequence, last: unit.first - 1) {
                    _ throws(LogError) in throw .damaged(hole)
                }
            }
            guard unit.first == log.nextSequence else { throw misplaced(unit) }
            let following = place + 1 < units.count ? units[place + 1].first : nil
            try tolerating(first: unit.first, last: unit.last ?? following.map { $0 - 1 }) {
                opening throws(LogError) in
                switch unit {
                case .sealed(let range): try opening.openSealed(range, listing)
                case .journal(let first):
                    guard let following else { return try opening.openLast(first) }
                    try opening.openWhole(first, following: following)
                }
            }
        }
        try refuseStrayArchives(listing)
        if !options.readOnly {
            try removeSuperseded(listing)
            // After a repair there may be gaps only, which have no id.
            if log.logID == nil { try begin() }
        }
        return log
    }

    func path(_ name: String) -> String { directory + "/" + name }

    private func prepareDirectory() throws(LogError) -> [String] {
        do {
            if !options.readOnly { try disk.makeDirectory(directory) }
            let names = try disk.list(directory)
            if names.isEmpty, !options.readOnly {
                try disk.synchronizeDirectory(Self.parent(of: directory))
            }
            return names
        } catch {
            throw LogError(error)
        }
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private func misplaced(_ unit: LogListing.Unit) -> LogError {
        let expected = log.nextSequence
        let first = unit.first
        let name =
            switch unit {
            case .sealed(let range): LogFileName.columns(first, range.upperBound)
            case .journal: LogFileName.journal(first)
            }
        return .damaged(
            Damage(
                path: path(name), offset: 0,
                reason: first > expected
                    ? "the records from \(expected) on are missing"
                    : "the file overlaps the records up to \(expected - 1)",
                firstSequence: min(first, expected), count: first > expected ? first - expected : 0)
        )
    }

    /// The first journal of a new log, or of one that has lost its id. Its id is durable from here
    /// on.
    private mutating func begin() throws(LogError) {
        let id = LogID(high: options.randomWord(), low: options.randomWord())
        log.logID = id
        log.active = try ActiveSegment.create(
            disk, directory: directory, logID: id, first: log.nextSequence, options: options)
    }
}

extension MessageLog {
    /// Whether `directory` is absent, or has none of a log's files.
    package static func isAbsent(
        _ disk: any Disk, directory: String
    ) throws(LogError) -> Bool {
        do throws(DiskError) {
            return try disk.list(directory).allSatisfy { LogFileName($0) == .foreign }
        } catch {
            if error.isAbsent { return true }
            throw LogError(error)
        }
    }
}
