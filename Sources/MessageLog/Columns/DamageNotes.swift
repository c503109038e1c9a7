import Synchronization

/// Damage that readers came upon in columns, which answer all the same: whoever asks for an answer
/// compares the count before and after.
package final class DamageNotes: Sendable {
    private let hits = Atomic<Int>(0)
    private let last = Mutex<Damage?>(nil)

    package init() {}

    /// How often damage was come upon.
    package var count: Int { hits.load(ordering: .acquiring) }

    /// Where, the last time.
    package var latest: Damage? { last.withLock { $0 } }

    func add(_ damage: Damage) {
        last.withLock { $0 = damage }
        hits.add(1, ordering: .releasing)
    }

    /// To be called once an answer is there, with the count from before it was begun.
    /// - Throws: `.damaged` if its reader came upon damage (or somebody else at the same time).
    package func checkUnchanged(since before: Int) throws(LogError) {
        if count != before, let damage = latest { throw .damaged(damage) }
    }
}
