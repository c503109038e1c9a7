import MessageLog
import Model
import Rollup

/// One consistent moment of the store: the log up to `end`, and the rollups of the same prefix.
///
/// Rows up to `folded` are in the rollups (LMDB and runs); the few behind it are only in columns.
package struct Snapshot: ~Copyable {
    package let end: UInt64
    package let segments: [SegmentView]
    /// The times of the first and the last message, where all segments can be read.
    package let readableTimes: ClosedRange<Int64>?
    package let names: NameTable
    package let rollups: RollupView
    private let stop: StopFlag?

    init(
        _ head: HeadState, names: NameTable, reader: consuming RollupReader, stop: StopFlag?
    ) {
        self.stop = stop
        end = head.end
        segments = head.segments
        readableTimes = head.timeBounds
        self.names = names
        rollups = RollupView(reader, runs: head.runs, names: names)
    }

    /// The last sequence that the rollups cover.
    package var folded: UInt64 { rollups.sequence }

    /// To be called now and then by whoever reads for long.
    /// - Throws: `Stopped` once nobody waits for the answer any more.
    @inline(__always)
    package borrowing func checkStopped() throws(Stopped) {
        if let stop, stop.isSet { throw Stopped() }
    }
}
