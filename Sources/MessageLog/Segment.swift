/// Where the payloads of a segment are.
enum Payloads: Sendable {
    case journal(JournalPayloads)
    case archive(ArchiveFile)
    /// Retention has dropped them.
    case dropped
    /// They cannot be opened, and the log is served all the same.
    case damaged(Damage)
}

/// A range of the log as it was at one moment. Immutable, for any number of threads.
///
/// Of the segment that takes appends there is a new view after each of them; they share all that
/// they have in common. Row `r` holds the record `firstSequence + r`.
package final class Segment: Sendable {
    package let firstSequence: UInt64
    package let columns: SegmentColumns
    let payloads: Payloads

    /// The same for all views of one segment, and of no other.
    package var key: UInt64 { firstSequence }
    package var rows: Int { columns.rows }
    package var lastSequence: UInt64 { firstSequence + UInt64(columns.rows) - 1 }

    init(firstSequence: UInt64, columns: SegmentColumns, payloads: Payloads) {
        precondition(columns.rows > 0, "a segment without rows is not shown")
        self.firstSequence = firstSequence
        self.columns = columns
        self.payloads = payloads
    }
}

/// The log at one moment: what is durable and visible, and nothing else.
package struct LogSnapshot: Sendable {
    /// By sequence, without holes.
    package let segments: [Segment]
    /// The last sequence; 0 where the log is empty.
    package let end: UInt64

    package init(_ segments: [Segment]) {
        self.segments = segments
        end = segments.last?.lastSequence ?? 0
    }

    /// Sealed segments whose payloads are in journals.
    package var unarchivedSegments: Int {
        segments.count { $0.columns.isSealed && $0.isInJournal }
    }
}

extension Segment {
    var isArchived: Bool {
        if case .archive = payloads { true } else { false }
    }

    var isInJournal: Bool {
        if case .journal = payloads { true } else { false }
    }

    /// Whether retention has dropped its payloads.
    package var isDropped: Bool {
        if case .dropped = payloads { true } else { false }
    }

    /// The file that has the payloads; nil where they were dropped.
    var payloadsName: String? {
        switch payloads {
        case .journal: LogFileName.journal(firstSequence)
        case .archive: LogFileName.archive(firstSequence, lastSequence)
        case .dropped, .damaged: nil
        }
    }

    /// What the payloads take on disk, the reserve of a journal left out.
    var payloadBytes: Int {
        switch payloads {
        // To the last record's begin: what is behind it is one record.
        case .journal: Int(clamping: columns.position(ofRow: rows - 1))
        case .archive(let archive): archive.byteCount
        case .dropped, .damaged: 0
        }
    }

    /// Damage that one row's payload is found to have.
    func damage(_ row: Int, _ reason: String) -> LogError {
        .damaged(
            Damage(
                path: payloadsName ?? "the payloads", offset: 0, reason: reason,
                firstSequence: firstSequence + UInt64(row), count: 1))
    }
}
