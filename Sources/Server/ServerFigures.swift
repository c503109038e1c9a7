import Synchronization

/// What the server counts about itself; INFO shows it.
final class ServerFigures: Sendable {
    let connected = Atomic<Int>(0)
    let accepted = Atomic<Int>(0)
    /// Refused for the limit of connections, or for want of a role.
    let refused = Atomic<Int>(0)
    let requests = Atomic<Int>(0)
    /// Requests that were answered with an error of the server's own: malformed, or not permitted.
    let faulty = Atomic<Int>(0)

    private let started = ContinuousClock.now

    var uptimeSeconds: Int64 { (ContinuousClock.now - started).components.seconds }
}
