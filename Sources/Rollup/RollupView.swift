import Model

/// What a series or a count is of.
package enum SeriesGroup: Hashable, Sendable {
    case all
    case topic(UInt32)
    case user(UInt32)
    case package(UInt32)
    case userTopic(user: UInt32, topic: UInt32)
    case packageTopic(package: UInt32, topic: UInt32)
}

/// What a tally is of.
package enum TallyGroup: Hashable, Sendable {
    case all
    case topic(UInt32)
    case user(UInt32)
    case package(UInt32)
}

/// The members that a tally counts.
package enum TallyMember: Hashable, Sendable {
    case topic
    case user
    case package

    package var dimension: Dimension {
        switch self {
        case .topic: .topic
        case .user: .user
        case .package: .package
        }
    }
}

/// One consistent state of the rollups: LMDB's rows up to a watermark, and the runs behind it.
///
/// It belongs to one query; the rows it reads hold as long as it lives.
package struct RollupView: ~Copyable {
    private let reader: RollupReader?
    private let runs: [Run]
    private let names: NameTable
    /// The last sequence that is counted.
    package let sequence: UInt64
    /// The hours that counted messages fall into; ranges may be cut to it without loss.
    package let hours: Range<Int64>
    /// Counts per minute are of use from this moment on only, the start of a day, in microseconds.
    package let minutesFrom: Int64

    /// - Parameters:
    ///   - reader: begun after the list of runs was taken.
    ///   - runs: in order; those at or below the reader's watermark are skipped.
    package init(_ reader: consuming RollupReader, runs: [Run], names: NameTable) {
        let watermark = reader.watermark
        let (stored, minutesFrom) = (reader.hours, reader.minutesFrom)
        self.init(
            reader: reader, runs: runs.filter { $0.sequences.upperBound > watermark },
            watermark: watermark, hours: stored, minutesFrom: minutesFrom, names: names)
    }

    /// A view of runs alone, the first one from sequence 1 on.
    package init(runs: [Run], names: NameTable) {
        self.init(
            reader: nil, runs: runs, watermark: 0, hours: 0..<0, minutesFrom: .min,
            names: names)
    }

    private init(
        reader: consuming RollupReader?, runs: [Run], watermark: UInt64, hours: Range<Int64>,
        minutesFrom: Int64, names: NameTable
    ) {
        var next = watermark + 1
        var all = hours
        for run in runs {
            precondition(
                run.sequences.lowerBound == next,
                "runs follow the watermark without a gap: \(run.sequences) at \(next)")
            next = run.sequences.upperBound + 1
            all = all.spanning(run.hours)
        }
        self.reader = reader
        self.runs = runs
        self.names = names
        self.hours = all
        self.minutesFrom = minutesFrom
        sequence = next - 1
    }

    // MARK: Rows

    /// Where rows come from: each run, and LMDB behind them.
    var sources: Range<Int> { 0..<runs.count + 1 }

    /// A source's row, or nil.
    @inline(__always)
    borrowing func row(
        _ source: Int, _ kind: RowKind, chunk: Int64, block: UInt32
    ) throws(RollupError) -> UnsafeRawBufferPointer? {
        let key = RowKey(kind: kind, chunk: chunk, block: block)
        if source < runs.count { return unsafe runs[source].row(key) }
        switch reader {
        case .some(let reader): return unsafe try reader.row(key)
        case .none: return nil
        }
    }

    /// The segment of a group in a row that is cut by groups, or nil.
    @inline(__always)
    borrowing func groupSegment(
        _ source: Int, _ kind: RowKind, chunk: Int64, group: UInt32
    ) throws(RollupError) -> Tally? {
        guard
            let row = unsafe try row(
                source, kind, chunk: chunk, block: group >> kind.groupBits)
        else { return nil }
        var cursor = unsafe RowCursor(row)
        let number = UInt8(group & (UInt32(1) << kind.groupBits - 1))
        let segment = unsafe cursor.find(number)
        if unsafe cursor.damaged { throw .damaged("a row of kind \(kind.word)") }
        return unsafe segment?.tally
    }

    /// One more than the largest id that a member's tallies may hold.
    func idLimit(_ member: TallyMember) -> Int { names.count(member.dimension) + 1 }
}
