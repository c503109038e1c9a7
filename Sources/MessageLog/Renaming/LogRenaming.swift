import Disk
import Model

/// What a renaming did.
package struct RenamingReport: Sendable, Equatable {
    /// Records whose names were looked for again.
    package var renamed: UInt64 = 0
    /// Records that keep their names, since retention has dropped their payloads.
    package var kept: UInt64 = 0
    /// The last of those; 0 where there are none.
    package var keptTo: UInt64 = 0
}

extension MessageLog {
    /// Looks for the names of all messages again and writes the columns anew, segment by segment.
    /// Nobody else may use the log meanwhile, and what was computed from its names is void.
    ///
    /// Cut short at any point, each segment has its old names or its new ones, and the same call
    /// goes through all of them again.
    /// - Parameter advanced: is told how many of how many rows are done.
    /// - Throws: `.full`, `.io`, `.damaged`, `.poisoned` with the segment at hand as it was.
    package func rename(
        _ find: NameFinding, advanced: (_ done: Int, _ total: Int) -> Void
    ) throws(LogError) -> RenamingReport {
        try roll()
        while try sealNext() {}
        var report = RenamingReport()
        let total = snapshot.segments.reduce(0) { $0 + $1.rows }
        var done = 0
        for place in snapshot.segments.indices {
            let segment = try archived(snapshot.segments[place])
            let rows = UInt64(segment.rows)
            switch segment.payloads {
            case .archive(let archive):
                try unsafe rename(segment, archive, find)
                report.renamed += rows
            case .dropped:
                report.kept += rows
                report.keptTo = segment.lastSequence
            case .damaged(let damage): throw .damaged(damage)
            case .journal: preconditionFailure("a segment's journal has become an archive")
            }
            done += segment.rows
            advanced(done, total)
        }
        return report
    }

    /// The segment with its payloads in an archive. A journal has names too, from which its columns
    /// are made where they cannot be read: it goes before they differ.
    private func archived(_ segment: Segment) throws(LogError) -> Segment {
        guard segment.isInJournal else { return segment }
        _ = try join(
            [segment], keepingPayloads: true, effort: .sealing, isStopped: { false })
        guard let made = snapshot.segments.first(where: { $0.key == segment.key }) else {
            preconditionFailure("an archive takes its segment's place")
        }
        return made
    }

    private func rename(
        _ segment: Segment, _ archive: ArchiveFile, _ find: NameFinding
    ) throws(LogError) {
        let path = path(LogFileName.columns(segment.firstSequence, segment.lastSequence))
        do { try segment.columns.verify() } catch { throw LogError(error, path: path) }
        var renaming = SegmentRenaming(segment, archive)
        let view = try unsafe renaming.make(find)
        let bytes = renaming.encoded(view)
        let file: UnfinishedFile
        do { file = try UnfinishedFile(disk, path) } catch { throw noted(error) }
        let columns: SegmentColumns
        do throws(LogError) {
            try withLogErrors { () throws(DiskError) in try bytes.writeAll(to: file.file, at: 0) }
            columns = try readBack(file, view)
        } catch {
            file.discard()
            throw error
        }
        do { try file.finish(in: directory) } catch { throw noted(error) }
        replace(
            [segment],
            with: Segment(
                firstSequence: segment.firstSequence, columns: columns,
                payloads: segment.payloads))
    }

    /// Reads the new columns and holds them against what was meant.
    private func readBack(
        _ file: UnfinishedFile, _ view: ActiveView
    ) throws(LogError) -> SegmentColumns {
        let columns = try ColumnsMapping.open(disk, file.temporaryPath, notes, name: file.path)
        do { try columns.verify() } catch { throw LogError(error, path: file.path) }
        for index in 0..<columns.blockCount where columns.block(index, .all) != view.block(index) {
            throw .damaged(
                Damage(
                    path: file.path, offset: 0,
                    reason: "what was written is not what can be read back",
                    firstSequence: columns.firstSequence + UInt64(view.block(index).firstRow),
                    count: 1))
        }
        return columns
    }
}
