import Model

/// How a log is opened.
package struct LogOptions: Sendable {
    /// A journal that has reached this size is full, in bytes.
    package var journalBytes: Int
    /// The most records in one segment, up to `Limits.segmentRecordsMax`.
    package var segmentRecords: Int
    /// Rows in one block of the columns.
    package var blockRows: Int
    /// Nothing is created, cut, rewritten or removed; appends are refused.
    package var readOnly: Bool
    /// What is damaged is stood in for, and only what needs it is refused. For reading only.
    package var servesDamaged = false
    /// Whether `append` writes the columns of a segment that has become full. If not, another
    /// thread must call `sealNext`.
    package var sealsWhileAppending: Bool
    /// How long payloads are kept.
    package var retention: Retention
    /// Draws random words, for salts and the log's id.
    package var randomWord: @Sendable () -> UInt64

    /// - Parameter randomWord: must be unpredictable outside of tests.
    package init(
        journalBytes: Int = Limits.journalBytesMax,
        segmentRecords: Int = Limits.segmentRecordsMax,
        blockRows: Int = Limits.columnBlockRows, readOnly: Bool = false,
        sealsWhileAppending: Bool = true, retention: Retention = .none,
        randomWord: @escaping @Sendable () -> UInt64
    ) {
        precondition(journalBytes > 0 && segmentRecords > 0, "limits must be positive")
        precondition(segmentRecords <= Limits.segmentRecordsMax, "a segment past its most records")
        self.journalBytes = journalBytes
        self.segmentRecords = segmentRecords
        self.blockRows = blockRows
        self.readOnly = readOnly
        self.sealsWhileAppending = sealsWhileAppending
        self.retention = retention
        self.randomWord = randomWord
    }
}

/// What opening the log found and did.
package struct RecoveryReport: Sendable, Equatable {
    /// Whether the log had been closed, so that nothing had to be replayed.
    package var clean = true
    /// Records read again from journals that had no columns yet.
    package var recordsReplayed = 0
    /// Bytes of the journal that was copied to a new file; 0 if none was.
    package var rewrittenBytes = 0
    /// Bytes cut from the journal's end: a batch that was being written, acknowledged to nobody.
    package var tornBytes = 0
    /// Where those bytes are kept.
    package var tornPath: String?
    /// Segments whose columns file was unreadable and is made again from the journal.
    package var columnsRebuilt: [String] = []
    /// What could not be opened, where the log is served all the same.
    package var damage: [Damage] = []
    /// Unfinished files that were removed.
    package var removed: [String] = []
}
