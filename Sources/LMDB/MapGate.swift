import Glibc
import Synchronization

/// Keeps transactions out while the map moves: LMDB may only be given another map while its process
/// has no transaction open.
final class MapGate: Sendable {
    private let inside = Atomic<Int>(0)
    private let isMoving = Atomic<Bool>(false)

    /// Before a transaction begins; waits while the map moves.
    func enter() {
        while true {
            // In one total order with `move`: either it sees this transaction, or this sees it.
            inside.add(1, ordering: .sequentiallyConsistent)
            if !isMoving.load(ordering: .sequentiallyConsistent) { return }
            inside.subtract(1, ordering: .sequentiallyConsistent)
            while isMoving.load(ordering: .acquiring) { Self.rest() }
        }
    }

    /// After it has ended.
    func leave() { inside.subtract(1, ordering: .releasing) }

    /// Runs `body` once every transaction has ended, and lets none begin meanwhile. One thread at a
    /// time, with no transaction of its own.
    /// - Returns: false if others were still open after `milliseconds`; `body` has not run then.
    func move(patience milliseconds: Int, _ body: () -> Void) -> Bool {
        isMoving.store(true, ordering: .sequentiallyConsistent)
        defer { isMoving.store(false, ordering: .releasing) }
        for _ in 0...(milliseconds * 1_000 / Int(Self.restMicroseconds)) {
            if inside.load(ordering: .sequentiallyConsistent) == 0 {
                body()
                return true
            }
            Self.rest()
        }
        return false
    }

    private static let restMicroseconds: useconds_t = 50

    /// Transactions last microseconds and the map moves a few times in a store's life.
    private static func rest() { usleep(restMicroseconds) }
}
