import MessageLog
import Model
import Rollup

/// One consistent moment of the store: the log up to `end`, and the rollups of the same prefix.
///
/// Rows up to `folded` are in the rollups (LMDB and runs); the few behind it are only in columns.
package struct Snapshot: ~Copyable {
    package let end: UInt64
    package let folded: UInt64
    package let segments: [SegmentView]
    package let names: NameTable
    private let runs: [Run]
    private let reader: RollupReader

    init(_ head: HeadState, names: NameTable, reader: consuming RollupReader) {
        let watermark = reader.watermark
        end = head.end
        folded = max(head.folded, watermark)
        segments = head.segments
        runs = head.runs.filter { $0.sequences.upperBound > watermark }
        self.names = names
        self.reader = reader
    }

    /// LMDB's rows and the runs that are not in it yet.
    package func withRollups<Result>(_ body: (borrowing RollupView) -> Result) -> Result {
        reader.withView(runs: runs, body)
    }
}
