import Glibc
import Logging
import Model
import NIOCore
import NIOPosix
import Query
import Synchronization

/// Answers requests on a Unix stream socket.
package final class SocketServer: Sendable {
    private let path: String
    private let mode: mode_t
    private let roles: RoleTable
    private let holdsDataLock: Bool
    private let room: ServerRoom

    private struct Running {
        var socket: ListeningSocket
        var channel: any Channel
        var group: MultiThreadedEventLoopGroup
    }
    private let running = Mutex<Running?>(nil)
    /// Ends when the server has been shut down.
    private let stopped = AsyncStream<Never>.makeStream()

    /// - Parameters:
    ///   - path: where the socket is made. Its directory exists, belongs to this user, and nobody
    ///     else may write there.
    ///   - mode: the socket's permission bits; a client needs to be able to write.
    ///   - roles: what each user may do.
    ///   - holdsDataLock: no other server can be using the data, so that a socket at `path` is a
    ///     dead one's and may be replaced.
    package init(
        path: String, mode: UInt32 = 0o600, roles: RoleTable = .ownUserOnly,
        handler: any RequestHandler, limits: ServerLimits = ServerLimits(),
        holdsDataLock: Bool, logger: Logger
    ) {
        self.path = path
        self.mode = mode_t(mode)
        self.roles = roles
        self.holdsDataLock = holdsDataLock
        room = ServerRoom(
            handler: handler, limits: limits, path: path,
            workers: NIOThreadPool(numberOfThreads: limits.workers), logger: logger)
    }

    /// Makes the socket and begins to answer. Once per server.
    package func start() async throws {
        let socket = try ListeningSocket(
            path: path, mode: mode, replacesStale: holdsDataLock)
        room.workers.start()
        room.caretaker.start()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: room.limits.loops)
        do {
            let channel = try await bootstrap(group).withBoundSocket(socket.descriptor).get()
            running.withLock { $0 = Running(socket: socket, channel: channel, group: group) }
        } catch {
            socket.unlink()
            try await group.shutdownGracefully()
            try await room.workers.shutdownGracefully()
            try await room.caretaker.shutdownGracefully()
            throw error
        }
        room.logger.info("listening", metadata: ["socket": "\(path)"])
    }

    /// Starts, and returns once the server has been shut down; cancelling the task shuts it down.
    package func run() async throws {
        try await start()
        for await _ in stopped.stream {}
        try await shutdown()
    }

    /// Accepts nobody any more, lets requests under way finish, closes the connections, and removes
    /// the socket. Connections that take longer than the limit are cut.
    package func shutdown() async throws {
        guard let running = running.withLock({ $0.take() }) else { return }
        running.socket.unlink()
        try await running.channel.close()
        let open = room.close()
        for channel in open { channel.pipeline.fireUserInboundEventTriggered(DrainEvent()) }
        let cut = Task { [limit = room.limits.shutdown] in
            try await Task.sleep(for: limit)
            for channel in open { channel.close(promise: nil) }
        }
        for channel in open { try await channel.closeFuture.get() }
        cut.cancel()
        try await room.workers.shutdownGracefully()
        try await room.caretaker.shutdownGracefully()
        try await running.group.shutdownGracefully()
        stopped.continuation.finish()
    }

    private func bootstrap(_ group: MultiThreadedEventLoopGroup) -> ServerBootstrap {
        let room = room
        let roles = roles
        let unread = room.limits.replyBytesUnread
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Limits.socketBacklog)
            .childChannelInitializer { channel in
                SocketServer.admit(channel, room, roles)
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(
                .writeBufferWaterMark,
                value: ChannelOptions.Types.WriteBufferWaterMark(low: unread / 2, high: unread)
            )
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: 1_024, initial: 4_096, maximum: 65_536))
    }

    /// Asks the kernel who is there, and gives the connection a place.
    private static func admit(
        _ channel: any Channel, _ room: ServerRoom, _ roles: RoleTable
    ) -> EventLoopFuture<Void> {
        guard let options = channel as? any SocketOptionProvider else {
            preconditionFailure("a Unix socket has options")
        }
        let peer: EventLoopFuture<PeerCredentials> = options.unsafeGetSocketOption(
            level: SocketOptionLevel(SOL_SOCKET), name: SocketOptionName(SO_PEERCRED))
        return peer.flatMapThrowing { peer in
            guard let id = room.enter(channel) else {
                room.figures.refused.add(1, ordering: .relaxed)
                try channel.pipeline.syncOperations.addHandler(FullHouse())
                return
            }
            let connection = Connection(
                room: room, id: id, user: peer.user, roles: roles.roles(of: peer.user))
            try channel.pipeline.syncOperations.addHandler(connection)
        }
    }
}

/// Turns a client away: there are too many.
private final class FullHouse: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelActive(context: ChannelHandlerContext) {
        let buffer = ByteBuffer(string: "-ERR max number of clients reached\r\n")
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(buffer)).assumeIsolated().whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}
