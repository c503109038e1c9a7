import Disk
import Model
import Synchronization

extension MessageLog {
    /// Writes the columns of one segment that is full and has none, and shows the mapped file in
    /// place of the memory. At most one thread may call this at a time.
    /// - Returns: false if there was no such segment.
    /// - Throws: `.full` and `.io` leave the segment in memory, to be sealed later. `.poisoned` if
    ///   a synchronize failed.
    @discardableResult
    package func sealNext() throws(LogError) -> Bool {
        let next = try shared.withLock { state throws(LogError) in
            if let poison = state.poison { throw LogError.poisoned(poison) }
            return state.unsealed.first
        }
        guard let next else { return false }
        let segment = next.segment
        try giveBack(next)
        let path = path(LogFileName.columns(segment.firstSequence, segment.lastSequence))
        let bytes = segment.columns.encoded()
        do {
            try DurableFile.make(disk, directory: directory, path: path) { file throws(DiskError) in
                try bytes.writeAll(to: file, at: 0)
            }
        } catch {
            throw noted(error)
        }
        let columns = try ColumnsMapping.open(disk, path, notes)
        precondition(columns.rows == segment.rows, "columns hold every row of their segment")
        let sealed = Segment(
            firstSequence: segment.firstSequence, columns: columns, payloads: segment.payloads)
        shared.withLock { state in
            state.unsealed.removeFirst()
            var segments = state.snapshot.segments
            guard let place = segments.firstIndex(where: { $0.key == sealed.key }) else {
                preconditionFailure("a segment that is being sealed is shown")
            }
            segments[place] = sealed
            state.snapshot = LogSnapshot(segments)
            state.sealedVersion += 1
        }
        return true
    }

    /// Gives space that was reserved for appends back to the file system. The cut takes nothing
    /// but zeros, so it need not be durable.
    private func giveBack(_ unsealed: UnsealedSegment) throws(LogError) {
        let path = path(LogFileName.journal(unsealed.segment.firstSequence))
        try withLogErrors { () throws(DiskError) in
            try disk.open(path, .readWrite).truncate(to: unsealed.journalEnd)
        }
    }

    /// What a failed write means for the whole log.
    func noted(_ failure: JournalFailure) -> LogError {
        switch failure {
        case .refused: break
        case .poisoning(let error): shared.withLock { $0.poison = $0.poison ?? error }
        }
        return LogError(failure)
    }
}
