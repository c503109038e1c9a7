import Synchronization

/// Who waits for messages that are not there yet. Cheap while nobody does.
package final class Watchers: Sendable {
    /// Names a watch, to cancel it.
    package struct ID: Hashable, Sendable { fileprivate var number: UInt64 }

    private struct State {
        var end: UInt64 = 0
        var hasEnded = false
        var made: UInt64 = 0
        var waiting: [ID: (after: UInt64, wake: @Sendable () -> Void)] = [:]
    }
    private let state = Mutex(State())

    package init() {}

    /// Calls `wake` once, as soon as a message behind the sequence `after` is visible, or none will
    /// come any more: here, if that is so already, else on the log thread, which it must not hold
    /// up.
    package func add(after: UInt64, wake: @escaping @Sendable () -> Void) -> ID {
        let (id, isThere) = state.withLock { state in
            state.made += 1
            let id = ID(number: state.made)
            let isThere = state.end > after || state.hasEnded
            if !isThere { state.waiting[id] = (after, wake) }
            return (id, isThere)
        }
        if isThere { wake() }
        return id
    }

    /// Forgets a watch; it may be calling at this moment.
    package func remove(_ id: ID) { state.withLock { _ = $0.waiting.removeValue(forKey: id) } }

    /// Whether the store has closed: no message comes any more.
    package var haveEnded: Bool { state.withLock { $0.hasEnded } }

    /// How many wait.
    package var count: Int { state.withLock { $0.waiting.count } }

    /// All messages up to `end` are visible.
    func reached(_ end: UInt64) {
        let due = state.withLock { state in
            state.end = max(state.end, end)
            let due = state.waiting.filter { $0.value.after < end }
            for id in due.keys { state.waiting.removeValue(forKey: id) }
            return due
        }
        for (_, watch) in due { watch.wake() }
    }

    /// No message comes any more.
    func end() {
        let due = state.withLock { state in
            state.hasEnded = true
            defer { state.waiting = [:] }
            return state.waiting
        }
        for (_, watch) in due { watch.wake() }
    }
}
