import Logging
import NIOCore
import NIOPosix
import Query
import Synchronization

/// What all connections of one server share.
final class ServerRoom: Sendable {
    let handler: any RequestHandler
    let limits: ServerLimits
    let path: String
    let workers: NIOThreadPool
    /// Takes what may last for minutes, so that questions need not wait for it.
    let caretaker = NIOThreadPool(numberOfThreads: 1)
    let logger: Logger
    let figures = ServerFigures()
    /// The bytes of requests that have not arrived whole.
    private let unfinishedBytes = Atomic(0)

    private struct Guests {
        var channels: [Int64: any Channel] = [:]
        var lastID: Int64 = 0
        var isClosed = false
    }
    private let guests = Mutex(Guests())

    init(
        handler: any RequestHandler, limits: ServerLimits, path: String, workers: NIOThreadPool,
        logger: Logger
    ) {
        self.handler = handler
        self.limits = limits
        self.path = path
        self.workers = workers
        self.logger = logger
    }

    /// Admits a connection. - Returns: its id, or nil where there is no room left.
    func enter(_ channel: any Channel) -> Int64? {
        let id: Int64? = guests.withLock { guests in
            guard !guests.isClosed, guests.channels.count < limits.connections else { return nil }
            guests.lastID += 1
            guests.channels[guests.lastID] = channel
            return guests.lastID
        }
        figures.accepted.add(1, ordering: .relaxed)
        if id != nil { figures.connected.add(1, ordering: .relaxed) }
        return id
    }

    func leave(_ id: Int64) {
        guests.withLock { guests in _ = guests.channels.removeValue(forKey: id) }
        figures.connected.subtract(1, ordering: .relaxed)
    }

    /// Notes that a connection's unfinished request has changed. - Returns: the bytes of all.
    func noteUnfinished(change: Int) -> Int {
        unfinishedBytes.add(change, ordering: .relaxed).newValue
    }

    /// Admits nobody any more. - Returns: the connections that are open.
    func close() -> [any Channel] {
        guests.withLock { guests in
            guests.isClosed = true
            return Array(guests.channels.values)
        }
    }
}
