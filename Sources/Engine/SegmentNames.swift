import MessageLog
import Model
import Rollup
import Synchronization

/// A segment's local name ids as the store's global ones.
///
/// Local ids are dense in order of first appearance, so interning them in order, segment by
/// segment, gives every name the global id that its place in the log implies. Names that have
/// theirs already are looked up when a question first needs them: a store has segments by the
/// dozen, with hundreds of thousands of names, and most questions need those of a few.
final class SegmentNameMap: Sendable {
    private let table: NameTable
    private let known = Mutex<[Dimension: Names]>([:])

    private struct Names {
        /// By local id; entry 0 stands for "no name".
        var globals: [UInt32] = [0]
        /// A bit for each global id.
        var present: [UInt64] = []

        mutating func add(_ global: UInt32) {
            globals.append(global)
            let word = Int(global / 64)
            while present.count <= word { present.append(0) }
            present[word] |= 1 << UInt64(global % 64)
        }

        func has(_ global: UInt32) -> Bool {
            let word = Int(global / 64)
            return word < present.count && present[word] >> UInt64(global % 64) & 1 == 1
        }
    }

    init(_ table: NameTable) { self.table = table }

    /// Gives a global id to every name of `columns` that has none yet. One thread at a time.
    /// - Throws: `.log(.damaged)` where names cannot be read, once all others have their ids.
    func intern(_ columns: SegmentColumns) throws(EngineError) {
        var failure: EngineError?
        for dimension in columns.names.dimensions {
            do throws(EngineError) {
                _ = try unsafe globals(of: dimension, in: columns) { text in
                    unsafe table.intern(dimension, text)
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// The global ids of `columns`' names, all of which have one, by local id.
    fileprivate func globals(
        of dimension: Dimension, in columns: SegmentColumns
    ) throws(EngineError) -> [UInt32] {
        try unsafe globals(of: dimension, in: columns) { unsafe table.id(dimension, $0) }
    }

    /// - Parameter id: finds a name's global id.
    private func globals(
        of dimension: Dimension, in columns: SegmentColumns,
        _ id: (UnsafeRawBufferPointer) -> UInt32?
    ) throws(EngineError) -> [UInt32] {
        let count = columns.names.count(of: dimension)
        return try known.withLock { known throws(EngineError) in
            // Names of which one cannot be read are forgotten, and read again when asked for again.
            var names = known.removeValue(forKey: dimension) ?? Names()
            if names.globals.count <= count {
                var areInTable = true
                let first = UInt32(names.globals.count)
                let damage = unsafe columns.names.forEachText(of: dimension, from: first) { text in
                    let global = unsafe id(text)
                    if global == nil { areInTable = false }
                    names.add(global ?? 0)
                }
                if let damage { throw .log(.damaged(damage)) }
                guard areInTable else { throw .namesDiffer }
            }
            known[dimension] = names
            return names.globals
        }
    }

    /// Whether the segment may have any of these names, by global ids: where its own are known,
    /// that is told without a look at them, so that a rare name is not looked for in every segment.
    fileprivate func mayHaveAny(_ dimension: Dimension, _ globals: [UInt32]) -> Bool {
        known.withLock { known in
            guard let names = known[dimension] else { return true }
            return globals.contains { names.has($0) }
        }
    }
}

/// A segment and its names' global ids.
package struct SegmentView: Sendable {
    package let segment: Segment
    let names: SegmentNameMap

    init(_ segment: Segment, _ names: SegmentNameMap) {
        self.segment = segment
        self.names = names
    }

    /// Global ids by local id; entry 0 stands for "no name".
    /// - Throws: `.log(.damaged)` where a name cannot be read; `.namesDiffer` where the store's
    ///   names lack one.
    package func globals(of dimension: Dimension) throws(EngineError) -> [UInt32] {
        try names.globals(of: dimension, in: segment.columns)
    }

    /// Whether the segment may have any of these names, by ascending global ids.
    package func mayHaveAny(_ dimension: Dimension, _ globals: [UInt32]) -> Bool {
        names.mayHaveAny(dimension, globals)
    }

    /// The last sequence that this view shows.
    package var lastSequence: UInt64 {
        segment.firstSequence + UInt64(segment.columns.rows) - 1
    }
}
