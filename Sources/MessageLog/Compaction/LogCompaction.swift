import Disk
import Model
import Synchronization

/// What one archive leaves for the next.
struct ArchivingState {
    /// A dictionary that archives of single journals share, and how many have it.
    var dictionary: [UInt8]?
    var uses = 0
    /// How many rows are to be read or written, and how many have been, while there are any.
    var work: (done: Int, total: Int)?
    /// Keys of segments that were found damaged; not tried again until the log is opened again.
    var damaged: Set<UInt64> = []
    /// After so many archives the bus may have changed: the next one trains its own.
    static let usesMax = 64
}

extension MessageLog {
    /// Makes one archive of segments that are sealed, if any are worth it, and shows it in their
    /// place. At most one thread may call this at a time.
    /// - Parameters:
    ///   - everything: as `COMPACT` does, not only what periodic compaction finds worth it.
    ///   - isStopped: is asked now and then; true gives the work up.
    /// - Returns: how many rows the archive has; 0 if there was nothing to do.
    /// - Throws: `.closed` if it was given up; `.full`, `.io`, `.damaged` leave the segments as
    ///   they were; `.poisoned` if a synchronize failed.
    package func compactNext(
        everything: Bool, isStopped: @escaping () -> Bool
    ) throws(LogError) -> Int {
        if options.readOnly { throw .readOnly }
        if let poison = shared.withLock({ $0.poison }) { throw .poisoned(poison) }
        let segments = sealedSegments
        let skipped = archiving.withLock { $0.damaged }
        let limits = MergeLimits(options.retention)
        let plan =
            everything
            ? CompactionPlan(everythingOf: segments, limits, skipped: skipped)
            : CompactionPlan(
                segments, limits, fullRows: options.segmentRecords / 4,
                fullBytes: options.journalBytes / 4, skipped: skipped)
        guard let plan else { return 0 }
        let sources = Array(segments[plan.places])
        let keepsPayloads = sources.contains { !$0.isDropped }
        return try join(
            sources, keepingPayloads: keepsPayloads, effort: plan.effort, isStopped: isStopped)
    }

    /// How far the archive has come that is being made; nil if none is.
    package var archiveWork: (done: Int, total: Int)? { archiving.withLock { $0.work } }

    /// Makes one segment of neighbours, shows it, and removes their files.
    /// - Returns: how many rows it has.
    func join(
        _ sources: [Segment], keepingPayloads: Bool, effort: ArchiveEffort,
        isStopped: @escaping () -> Bool
    ) throws(LogError) -> Int {
        guard let logID else { preconditionFailure("a log with segments has an id") }
        // Every row is written and read back.
        archiving.withLock { $0.work = (0, 2 * sources.reduce(0) { $0 + $1.rows }) }
        defer { archiving.withLock { $0.work = nil } }
        let made = try make(sources, keepingPayloads, effort, logID, isStopped)
        replace(sources, with: made)
        try removeFiles(of: sources, supersededBy: made)
        return made.rows
    }

    private func make(
        _ sources: [Segment], _ keepingPayloads: Bool, _ effort: ArchiveEffort, _ logID: LogID,
        _ isStopped: @escaping () -> Bool
    ) throws(LogError) -> Segment {
        let isFresh = effort == .sealing
        do {
            var archiver = try SegmentArchiver(
                disk, directory: directory, logID: logID, sources: sources,
                blockRows: options.blockRows, effort: effort, notes: notes,
                advanced: { rows in self.archiving.withLock { $0.work?.done += rows } },
                isStopped: isStopped)
            if !keepingPayloads { return try archiver.makeColumns() }
            let known = isFresh ? archiving.withLock { $0.dictionary } : nil
            let made = try archiver.make(dictionary: known)
            if isFresh { archiving.withLock { $0.used(made.dictionary) } }
            return made.segment
        } catch {
            switch error {
            case .poisoned(let cause): shared.withLock { $0.poison = $0.poison ?? cause }
            case .damaged(let damage): skip(sources, damage)
            default: break
            }
            throw error
        }
    }

    /// Leaves the damaged one of the segments out from now on, so that the others need not wait.
    private func skip(_ sources: [Segment], _ damage: Damage) {
        let damaged = sources.filter {
            sources.count == 1
                || ($0.firstSequence...$0.lastSequence).contains(damage.firstSequence)
        }
        archiving.withLock {
            $0.damaged.formUnion((damaged.isEmpty ? sources : damaged).map(\.key))
        }
    }

    /// Shows a segment in the place of those that it is made of.
    func replace(_ sources: [Segment], with archived: Segment) {
        shared.withLock { state in
            var segments = state.snapshot.segments
            guard let first = segments.firstIndex(where: { $0 === sources.first }),
                let last = segments.firstIndex(where: { $0 === sources.last })
            else { preconditionFailure("segments that are merged are shown") }
            segments.replaceSubrange(first...last, with: [archived])
            state.snapshot = LogSnapshot(segments)
            state.sealedVersion += 1
        }
    }

    /// Removes what the archive makes needless. Readers that began earlier go on with it: columns
    /// and archives are mapped, journals open. What cannot be removed now, the next opening
    /// removes.
    private func removeFiles(
        of sources: [Segment], supersededBy archived: Segment
    ) throws(LogError) {
        for source in sources {
            let (first, last) = (source.firstSequence, source.lastSequence)
            switch source.payloads {
            case .journal(let journal):
                _ = try journal.file()
                remove(LogFileName.journal(first))
            case .archive:
                remove(LogFileName.archive(first, last))
            case .dropped, .damaged: break
            }
            if (first, last) != (archived.firstSequence, archived.lastSequence) {
                remove(LogFileName.columns(first, last))
            }
        }
    }

    private func remove(_ name: String) {
        _ = Result { () throws(DiskError) in try disk.remove(path(name)) }
    }
}

extension ArchivingState {
    mutating func used(_ own: [UInt8]) {
        uses = dictionary == nil ? 1 : uses + 1
        dictionary = uses < Self.usesMax && !own.isEmpty ? own : nil
    }
}
