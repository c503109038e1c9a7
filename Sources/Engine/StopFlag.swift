import Synchronization

/// Tells a reading that nobody waits for its answer any more.
package final class StopFlag: Sendable {
    private let flag = Atomic(false)

    package init() {}

    package func set() { flag.store(true, ordering: .relaxed) }

    var isSet: Bool { flag.load(ordering: .relaxed) }
}

/// A reading was given up.
package struct Stopped: Error, CustomStringConvertible {
    package var description: String { "the request was given up: its client has left" }
}
