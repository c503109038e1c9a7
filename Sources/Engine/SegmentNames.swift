import MessageLog
import Model
import Rollup
import Synchronization

/// A segment's local name ids as the store's global ones.
///
/// Local ids are dense in order of first appearance, so interning them in order, segment by
/// segment, gives every name the global id that its place in the log implies.
package final class SegmentNameMap: Sendable {
    private let known = Mutex<[Dimension: Names]>([:])
    /// Where some of the names could not be read as they are.
    private let doubt = Mutex<Damage?>(nil)

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

    /// Gives a global id to every name of `columns` that has none yet. One thread at a time.
    func extend(_ columns: SegmentColumns, interning table: NameTable) {
        let damage = columns.damageNoted
        defer {
            if columns.damageNoted != damage { doubt.withLock { $0 = columns.latestDamage } }
        }
        for dimension in columns.names.dimensions {
            let count = columns.names.count(of: dimension)
            known.withLock { known in
                var names = known.removeValue(forKey: dimension) ?? Names()
                while names.globals.count <= count {
                    let local = UInt32(names.globals.count)
                    names.add(
                        unsafe columns.names.withText(of: dimension, local) { text in
                            // What damage left of a name is none.
                            if columns.damageNoted != damage { return 0 }
                            return unsafe table.intern(dimension, text)
                        })
                }
                known[dimension] = names
            }
        }
    }

    fileprivate func globals(of dimension: Dimension) -> [UInt32] {
        known.withLock { $0[dimension]?.globals ?? [0] }
    }

    /// Where a name could not be read, if one could not.
    fileprivate var damage: Damage? { doubt.withLock { $0 } }

    /// Whether the segment has any of these names, by global ids: told without a look at its
    /// columns, so that a rare name is not looked for in every segment.
    package func hasAny(_ dimension: Dimension, _ globals: [UInt32]) -> Bool {
        if damage != nil { return true }
        return known.withLock { known in
            guard let names = known[dimension] else { return false }
            return globals.contains { names.has($0) }
        }
    }
}

/// A segment and its names' global ids.
package struct SegmentView: Sendable {
    package let segment: Segment
    package let names: SegmentNameMap

    /// Global ids by local id; entry 0 stands for "no name". Where a name could not be read, that
    /// is noted again: an answer by them is none.
    package func globals(of dimension: Dimension) -> [UInt32] {
        if let damage = names.damage { segment.columns.note(damage) }
        return names.globals(of: dimension)
    }

    /// The last sequence that this view shows.
    package var lastSequence: UInt64 {
        segment.firstSequence + UInt64(segment.columns.rows) - 1
    }
}
