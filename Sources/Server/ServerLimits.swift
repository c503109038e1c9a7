import Model

/// What one client, and all of them, may take. `Limits` has the defaults.
package struct ServerLimits: Sendable {
    /// Open connections.
    package var connections = Limits.connectionsMax
    /// Appends of one connection that are not yet durable.
    package var appendsInFlight = Limits.connectionAppendsMax
    /// Their bytes.
    package var appendBytesInFlight = Limits.connectionAppendBytesMax
    /// Bytes of replies that a connection has not read before its requests wait.
    package var replyBytesUnread = Limits.connectionReplyBytesMax
    /// Bytes of one reply.
    package var replyBytes = Limits.replyBytesMax
    /// Bytes of requests that have not arrived whole, over all connections.
    package var unfinishedRequestBytes = Limits.unfinishedRequestBytesMax
    /// Without a request or a reply for so long, a connection is closed.
    package var idle = Duration.seconds(Limits.connectionIdleSecondsMax)
    /// From a request's first byte to its last.
    package var request = Duration.seconds(Limits.requestSecondsMax)
    /// What a shutdown waits for requests under way.
    package var shutdown = Duration.seconds(Limits.shutdownSecondsMax)
    /// Event loops. One serves some hundred thousand requests a second.
    package var loops = 2
    /// Threads for costly questions.
    package var workers = 2

    package init() {}
}
