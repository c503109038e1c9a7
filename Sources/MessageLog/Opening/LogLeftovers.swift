import Disk

/// What seals and merges that were cut short have left in the directory.
extension LogOpening {
    /// An archive of records that no segment has is not what a seal or a merge left behind.
    func refuseStrayArchives(_ listing: LogListing) throws(LogError) {
        for range in listing.archives where range.upperBound >= log.nextSequence {
            throw .damaged(
                Damage(
                    path: path(LogFileName.archive(range.lowerBound, range.upperBound)), offset: 0,
                    reason: "the columns of this archive are missing",
                    firstSequence: range.lowerBound, count: UInt64(range.count)))
        }
    }

    /// Removes what a seal, a merge or retention has left behind: files whose records are all in
    /// others that have been opened.
    mutating func removeSuperseded(_ listing: LogListing) throws(LogError) {
        var unfinished = listing.archives
        for segment in log.segments where segment.isArchived || segment.isDropped {
            let range = segment.firstSequence...segment.lastSequence
            let inner = listing.innerColumns.filter { range.overlaps($0) }
            let archives = unfinished.filter {
                range.overlaps($0) && !(segment.isArchived && $0 == range)
            }
            unfinished.removeAll { range.overlaps($0) }
            let names =
                listing.journals(in: range).map { LogFileName.journal($0) }
                + inner.map { LogFileName.columns($0.lowerBound, $0.upperBound) }
                + archives.map { LogFileName.archive($0.lowerBound, $0.upperBound) }
            if names.isEmpty { continue }
            try rewriteColumns(segment)
            try remove(names)
        }
        // Made, but the columns never said so.
        try remove(unfinished.map { LogFileName.archive($0.lowerBound, $0.upperBound) })
    }

    /// Writes a segment's columns anew. Of a merge that left files behind it is not known whether
    /// the name that its columns got is on the disk, for the flush may have failed: before anything
    /// else goes, it must surely be there.
    private func rewriteColumns(_ segment: Segment) throws(LogError) {
        let name = LogFileName.columns(segment.firstSequence, segment.lastSequence)
        let bytes = segment.columns.encoded()
        try Self.make(disk, directory, path(name)) { file throws(DiskError) in
            try bytes.writeAll(to: file, at: 0)
        }
    }

    mutating func remove(_ names: [String]) throws(LogError) {
        for name in names {
            let path = path(name)
            try withLogErrors { () throws(DiskError) in try disk.remove(path) }
            log.report.removed.append(path)
        }
    }
}
