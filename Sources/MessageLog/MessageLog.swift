import Disk
import Model
import Synchronization

/// What became of one record that was to be appended.
package enum AppendOutcome: Sendable, Equatable {
    /// It is in the log, durable and visible.
    case appended(sequence: UInt64)
    /// The log has the message already.
    case duplicate(of: UInt64)
}

/// The append-only log. One thread appends and closes; any thread takes snapshots, reads and
/// verifies; at most one thread seals.
@safe
package final class MessageLog: @unchecked Sendable {
    let disk: any Disk
    let directory: String
    let options: LogOptions
    /// What opening found and did.
    package let recovery: RecoveryReport
    /// The log's identity; nil only for an empty log opened for reading.
    package let logID: LogID?

    /// What the threads share.
    struct Shared {
        var snapshot: LogSnapshot
        /// Full segments without a columns file, by sequence.
        var unsealed: [UnsealedSegment]
        /// The failure after which nothing may be written any more.
        var poison: DiskError?
        /// Changes whenever segments other than the active one do.
        var sealedVersion = 0
        var sealingFailure: LogError?
        var closed = false
    }
    let shared: Mutex<Shared>
    let archiving = Mutex(ArchivingState())
    /// Damage that readers of columns have come upon.
    package let notes: DamageNotes

    // What follows belongs to the writer.
    private var active: ActiveSegment?
    private var nextSequence: UInt64
    private var batch = BatchBuilder()
    private var batchIdentities = BatchIdentities()
    /// What kept the batch's duplicates from being told.
    private var batchDamage: Damage?
    private var sealed = SealedIdentities(EmptyCollection<Segment>())
    private var sealedVersion = -1

    /// Opens the log in `directory`, which is created if it is absent (its parent must exist). The
    /// caller sees to it that nobody else has it open.
    /// - Throws: `.damaged`, `.unsupportedVersion` or `.unknownCriticalRecord` with nothing
    ///   changed; `.io`, `.full`, `.poisoned` if the recovery could not be finished.
    package static func open(
        _ disk: any Disk, directory: String, options: LogOptions
    ) throws(LogError) -> MessageLog {
        var opening = LogOpening(disk, directory: directory, options: options)
        let log = MessageLog(disk, directory, options, try opening.run())
        if options.sealsWhileAppending, !options.readOnly { try log.sealWhatIsFull() }
        return log
    }

    private init(_ disk: any Disk, _ directory: String, _ options: LogOptions, _ log: OpenedLog) {
        self.disk = disk
        self.directory = directory
        self.options = options
        recovery = log.report
        logID = log.logID
        notes = log.notes
        active = log.active
        nextSequence = log.nextSequence
        shared = Mutex(
            Shared(
                snapshot: LogSnapshot(log.segments),
                unsealed: options.readOnly ? [] : log.unsealed))
    }

    /// Whether nothing may be written.
    package var isReadOnly: Bool { options.readOnly }

    func path(_ name: String) -> String { directory + "/" + name }

    /// All that is durable now. Cheap; from any thread.
    package var snapshot: LogSnapshot { shared.withLock { $0.snapshot } }

    /// Why the last attempt to write a segment's columns failed; nil after a success.
    package var sealingFailure: LogError? { shared.withLock { $0.sealingFailure } }

    /// Segments that are full and wait for `sealNext`.
    package var unsealedSegments: Int { shared.withLock { $0.unsealed.count } }

    /// Appends records in order, dropping messages that the log has already. On return all is
    /// durable and visible.
    /// - Parameters:
    ///   - batches: written together, as few writes as `Limits.batchBytesMax` allows.
    ///   - outcomes: replaced by one outcome per record; on error, by those of the records up to
    ///     the last that is durable.
    /// - Throws: `.full` and `.io` if the rest was not appended but later appends may succeed;
    ///   `.poisoned`, `.closed`, `.readOnly` if none will.
    package func append(
        _ batches: [RecordBatch], outcomes: inout [AppendOutcome]
    ) throws(LogError) {
        outcomes.removeAll(keepingCapacity: true)
        outcomes.reserveCapacity(batches.reduce(0) { $0 + $1.count })
        try requireWritable()
        refreshSealed()
        var durable = 0
        do {
            for records in batches {
                var offset = stage(records.bytes, from: 0, &outcomes)
                while offset < records.bytes.count {
                    try flush()
                    durable = outcomes.count
                    offset = stage(records.bytes, from: offset, &outcomes)
                }
            }
            try flush()
        } catch {
            outcomes.removeLast(outcomes.count - durable)
            forgetBatch()
            throw error
        }
    }

    /// Ends the segment that takes appends, if it has rows: the next append begins a new journal.
    /// On the writer's thread.
    package func roll() throws(LogError) {
        try requireWritable()
        guard let last = active, last.columns.rows > 0 else { return }
        active = nil
        retire(last)
    }

    /// Stops cleanly: the last segment gets its columns too, so the next opening replays nothing.
    /// - Throws: what kept the columns from being written. The log is closed all the same; the next
    ///   opening recovers it. A poisoned log, and one opened for reading, is just let go.
    package func close() throws(LogError) {
        let before = shared.withLock { state in
            let before = state
            state.closed = true
            return before
        }
        guard !before.closed, before.poison == nil, !options.readOnly else { return }
        let last = active
        active = nil
        if let last {
            if last.columns.rows == 0 {
                do { try last.writer.cutBack() } catch { throw noted(error) }
            } else {
                retire(last)
            }
        }
        while try sealNext() {}
    }
}

// MARK: - The writer's steps

extension MessageLog {
    private func requireWritable() throws(LogError) {
        let state = shared.withLock { ($0.closed, $0.poison) }
        if options.readOnly { throw .readOnly }
        if let poison = state.1 { throw .poisoned(poison) }
        if state.0 { throw .closed }
    }

    /// Takes note of segments that were filled or sealed since the last append.
    private func refreshSealed() {
        let current = shared.withLock { ($0.sealedVersion, $0.snapshot) }
        guard current.0 != sealedVersion else { return }
        let key = active?.firstSequence
        sealed = SealedIdentities(current.1.segments.lazy.filter { $0.key != key })
        sealedVersion = current.0
    }

    /// Puts records into the batch until it is full; returns where it stopped.
    private func stage(
        _ bytes: [UInt8], from start: Int, _ outcomes: inout [AppendOutcome]
    ) -> Int {
        let rows = active?.columns.rows ?? 0
        let room = options.segmentRecords - (rows < options.segmentRecords ? rows : 0)
        return unsafe bytes.withUnsafeBytes { whole in
            var offset = start
            while offset < whole.count, batch.count < room {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: whole[offset...])
                guard let record = unsafe RecordView(checking: rest) else {
                    preconditionFailure("a batch of records holds only whole ones")
                }
                let byteCount = unsafe record.bytes.count
                guard batch.hasRoom(for: byteCount) else {
                    precondition(batch.count > 0, "a record larger than the largest batch")
                    break
                }
                outcomes.append(unsafe accept(record))
                offset += byteCount
            }
            return offset
        }
    }

    private func accept(_ record: RecordView) -> AppendOutcome {
        let sequence = nextSequence + UInt64(batch.count)
        if unsafe record.kind == Record.Kind.message {
            let id = unsafe record.id
            let time = unsafe record.timestamp
            let arrival = unsafe record.flags & Record.Flags.arrivalTime != 0
            if let first = duplicate(of: id, at: time, arrivalTime: arrival) {
                return .duplicate(of: first)
            }
            batchIdentities.insert(id, at: time, arrivalTime: arrival, sequence: sequence)
        }
        unsafe batch.append(record)
        return .appended(sequence: sequence)
    }

    private func duplicate(of id: MessageID, at time: Timestamp, arrivalTime: Bool) -> UInt64? {
        if let found = sealedDuplicate(of: id, at: time, arrivalTime: arrivalTime) {
            return found
        }
        if let active,
            let row = active.columns.duplicate(of: id, at: time, arrivalTime: arrivalTime)
        {
            return active.firstSequence + UInt64(row)
        }
        return batchIdentities.duplicate(of: id, at: time, arrivalTime: arrivalTime)
    }

    /// Looks into sealed segments. Damaged columns cannot say whether they have a message; once
    /// more tells whether they, or another reader, came upon damage.
    private func sealedDuplicate(
        of id: MessageID, at time: Timestamp, arrivalTime: Bool
    ) -> UInt64? {
        for _ in 0..<3 {
            let before = notes.count
            let found = sealed.duplicate(of: id, at: time, arrivalTime: arrivalTime)
            if notes.count == before { return found }
        }
        batchDamage = notes.latest
        return nil
    }

    /// Makes the batch durable, then visible.
    private func flush() throws(LogError) {
        if let batchDamage { throw .damaged(batchDamage) }
        guard !batch.isEmpty else { return }
        let segment = try segmentForBatch()
        let offset: Int
        do { offset = try segment.writer.append(&batch) } catch { throw noted(error) }
        unsafe batch.forEachRecord { record, place in
            unsafe segment.columns.append(record, position: UInt64(offset + place))
        }
        nextSequence += UInt64(batch.count)
        batch.hand(to: .shared, of: segment.payloads.number, at: offset)
        forgetBatch()
        show(segment.view())
        if options.sealsWhileAppending { try sealWhatIsFull() }
        refreshSealed()
    }

    private func forgetBatch() {
        batch.removeAll()
        batchDamage = nil
        batchIdentities.removeAll()
    }

    /// The active segment if the batch fits into it, else a new one.
    private func segmentForBatch() throws(LogError) -> ActiveSegment {
        if let active, active.writer.takes(batch.paddedBytes),
            active.columns.rows + batch.count <= options.segmentRecords
        {
            return active
        }
        guard let logID else { preconditionFailure("a log that takes appends has an id") }
        let fresh: ActiveSegment
        do {
            fresh = try ActiveSegment.make(
                disk, directory: directory, logID: logID, first: nextSequence, options: options)
        } catch {
            throw noted(error)
        }
        if let active { retire(active) }
        active = fresh
        return fresh
    }

    /// The segment takes no more appends and waits for its columns.
    private func retire(_ segment: ActiveSegment) {
        let unsealed = UnsealedSegment(
            segment: segment.view(), journalEnd: segment.writer.end.offset)
        shared.withLock { state in
            state.unsealed.append(unsealed)
            state.sealedVersion += 1
        }
    }

    private func show(_ segment: Segment) {
        shared.withLock { state in
            var segments = state.snapshot.segments
            if segments.last?.key == segment.key { segments.removeLast() }
            segments.append(segment)
            state.snapshot = LogSnapshot(segments)
        }
    }

    /// Seals; what fails for want of space or by an I/O error is noted and tried again later.
    private func sealWhatIsFull() throws(LogError) {
        do {
            while try sealNext() {}
            shared.withLock { $0.sealingFailure = nil }
        } catch {
            shared.withLock { $0.sealingFailure = error }
            if case .poisoned = error { throw error }
        }
    }
}
