import MessageLog
import Model
import Rollup
import Synchronization

/// A segment's local name ids as the store's global ones.
///
/// Local ids are dense in order of first appearance, so interning them in order, segment by
/// segment, gives every name the global id that its place in the log implies.
package final class SegmentNameMap: Sendable {
    private let known = Mutex<[Dimension: [UInt32]]>([:])

    /// Gives a global id to every name of `columns` that has none yet. One thread at a time.
    func extend(_ columns: SegmentColumns, interning table: NameTable) {
        for dimension in columns.names.dimensions {
            let count = columns.names.count(of: dimension)
            known.withLock { known in
                var globals = known.removeValue(forKey: dimension) ?? [0]
                while globals.count <= count {
                    let local = UInt32(globals.count)
                    globals.append(
                        unsafe columns.names.withText(of: dimension, local) { text in
                            unsafe table.intern(dimension, text)
                        })
                }
                known[dimension] = globals
            }
        }
    }

    /// Global ids by local id; entry 0 stands for "no name".
    package func globals(of dimension: Dimension) -> [UInt32] {
        known.withLock { $0[dimension] ?? [0] }
    }
}

/// A segment and its names' global ids.
package struct SegmentView: Sendable {
    package let segment: Segment
    package let names: SegmentNameMap

    /// The last sequence that this view shows.
    package var lastSequence: UInt64 {
        segment.firstSequence + UInt64(segment.columns.rows) - 1
    }
}
