import Disk
import Model

/// What a verification read, and each place where the log is not what was written.
package struct VerifyReport: Sendable, Equatable {
    package var segments = 0
    /// Records read and found right.
    package var records: UInt64 = 0
    /// Bytes of the batches that were found right.
    package var bytes = 0
    package var damage: [Damage] = []

    package var isSound: Bool { damage.isEmpty }

    /// Has something checked; what is damaged ends only that.
    fileprivate mutating func note(
        _ check: (inout VerifyReport) throws(LogError) -> Void
    ) throws(LogError) {
        do {
            try check(&self)
        } catch {
            guard case .damaged(let found) = error else { throw error }
            damage.append(found)
        }
    }
}

extension MessageLog {
    /// Reads every journal again and checks all checksums, the chain, every record, and that the
    /// columns are exactly what the records give. From any thread, while appends go on: covers what
    /// was durable when it was called. Damage does not end it; what is intact behind is read too.
    /// - Parameter advanced: is told, now and then, how many more records have been dealt with.
    /// - Throws: `.io` if a file cannot be read, `.unsupportedVersion`.
    package func verify(advanced: (Int) -> Void = { _ in }) throws(LogError) -> VerifyReport {
        var report = VerifyReport()
        for segment in snapshot.segments {
            defer { advanced(segment.rows) }
            report.segments += 1
            switch segment.payloads {
            case .journal(let journal):
                try report.note { (report) throws(LogError) in
                    try verify(segment, journal, &report)
                }
                continue
            case .archive(let archive):
                try report.note { (report) throws(LogError) in
                    try archive.verify()
                    report.bytes += archive.byteCount
                }
            case .damaged(let damage): report.damage.append(damage)
            case .dropped: break
            }
            guard segment.columns.isSealed else { continue }
            try report.note { (report) throws(LogError) in try verifyColumns(segment, &report) }
        }
        return report
    }

    private func verify(
        _ segment: Segment, _ journal: JournalPayloads, _ report: inout VerifyReport
    ) throws(LogError) {
        let scanner = try JournalScanner(journal.file(), first: segment.firstSequence, logID: logID)
        let known = report.damage.count
        try scanner.verifyBatches(before: segment.lastSequence + 1, &report)
        guard report.damage.count == known else { return }
        let rebuilt = ActiveColumns(
            firstSequence: segment.firstSequence, blockRows: segment.columns.blockRows)
        try scanner.replay(into: rebuilt, before: segment.lastSequence + 1)
        try compare(
            segment, rebuilt.publish().encoded(version: segment.columns.version))
    }

    /// Checks each part of the columns by its checksum, and that lists, indexes and the archive's
    /// order follow from the rows.
    private func verifyColumns(
        _ segment: Segment, _ report: inout VerifyReport
    ) throws(LogError) {
        let path = path(LogFileName.columns(segment.firstSequence, segment.lastSequence))
        do { try segment.columns.verify() } catch { throw LogError(error, path: path) }
        let rebuilt = MergedColumns([segment.columns], blockRows: segment.columns.blockRows)
        try compare(
            segment,
            ColumnsEncoder.encode(
                rebuilt, payloads: segment.columns.payloads, version: segment.columns.version))
        report.records += UInt64(segment.rows)
    }

    /// Equal columns of one version have equal bytes.
    private func compare(_ segment: Segment, _ rebuilt: [UInt8]) throws(LogError) {
        guard segment.columns.encoded() != rebuilt else { return }
        let name = LogFileName.columns(segment.firstSequence, segment.lastSequence)
        throw .damaged(
            Damage(
                path: path(name), offset: 0, reason: "the columns are not what the records give",
                firstSequence: segment.firstSequence, count: UInt64(segment.rows)))
    }
}

extension JournalScanner {
    /// Walks the chain up to the record before `following`, past every damaged place.
    fileprivate func verifyBatches(
        before following: UInt64, _ report: inout VerifyReport
    ) throws(LogError) {
        var position = start
        while position.sequence < following {
            switch try step(from: position) {
            case .batch(let batch):
                report.records += UInt64(batch.header.recordCount)
                report.bytes += batch.header.byteCount
                position = batch.position
            case .nothing(let reason, let offset):
                let later = try laterBatch(
                    from: position.offset, upTo: window.size, sequence: position.sequence)
                let resumed = later?.header.firstSequence ?? following
                report.damage.append(
                    Damage(
                        path: path, offset: offset, reason: reason,
                        firstSequence: position.sequence, count: resumed - position.sequence))
                guard let later else { return }
                // From here on the chain is taken up again.
                position = ChainPosition(
                    offset: later.offset, sequence: resumed,
                    checksum: later.header.previousChecksum)
            }
        }
    }
}
