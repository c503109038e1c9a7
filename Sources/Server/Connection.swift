import Engine
import Logging
import Model
import NIOCore
import NIOPosix
import Query
import Synchronization

/// One client: cuts what it sends into requests, has them answered, and writes the replies in the
/// order of the requests.
///
/// Requests of one connection see each other's effects, as if they ran one after the other: only
/// appends run side by side, and whatever follows them waits until they are durable. A request that
/// cannot start yet is parked, nothing behind it is decoded, and nothing more is read. So a client
/// that sends faster than it is served, or does not read its replies, waits in its own socket.
final class Connection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What comes next in the order of the requests.
    enum Step {
        case request(Request)
        /// A reply that is known already: a malformed request's.
        case reply(Reply, thenClose: Bool)
    }

    let room: ServerRoom
    let id: Int64
    let roles: Roles
    let user: UInt32
    /// CLIENT SETNAME.
    var name: [UInt8] = []

    var context: ChannelHandlerContext?
    var output = ReplyEncoder()
    private var decoder = RequestDecoder()
    /// What has arrived and is not decoded.
    private var input = ByteBuffer()
    /// What of it counts as an unfinished request's bytes.
    private var unfinishedBytes = 0
    private var parked: Step?
    private var appends = AppendQueue()
    private var finishedAppends: FinishedAppends?
    /// A costly question is with the workers, or a READ waits.
    var isAnswering = false
    /// Gives up the question that is with the workers.
    var stop: StopFlag?
    var waitingRead: WaitingRead?
    /// The client will send no more.
    private var inputHasEnded = false
    /// No request is started any more: the server stops.
    private(set) var isDraining = false
    /// The last reply is written; the channel closes once it is sent.
    var isClosing = false
    /// The channel asked to read while nothing more was wanted.
    private var readIsHeld = false
    private var isAdvancing = false
    var watch = ConnectionWatch()

    init(room: ServerRoom, id: Int64, user: UInt32, roles: Roles) {
        self.room = room
        self.id = id
        self.user = user
        self.roles = roles
    }

    // The channel's events.

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        finishedAppends = FinishedAppends(self, context.eventLoop)
        startWatch(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        finishedAppends?.forget()
        finishedAppends = nil
        watch.task?.cancel()
        stop?.set()
        forgetReading()
        self.context = nil
        _ = room.noteUnfinished(change: -unfinishedBytes)
        room.leave(id)
    }

    func channelActive(context: ChannelHandlerContext) {
        guard roles.isEmpty else { return }
        room.figures.refused.add(1, ordering: .relaxed)
        output.append(.error("NOPERM user \(user) has no role at this server"))
        flush(context)
        // Closing at once would break the pipe under the client's first request, and it would
        // report that instead of the reason.
        context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) {
            self.context?.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        guard !roles.isEmpty else {
            context.close(promise: nil)
            return
        }
        var arrived = unwrapInboundIn(data)
        if input.readableBytes == 0 { input = arrived } else { input.writeBuffer(&arrived) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        watch.lastActive = .now()
        advance()
    }

    func read(context: ChannelHandlerContext) {
        if wantsMore(context) { context.read() } else { readIsHeld = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        watch.lastActive = .now()
        if context.channel.isWritable { advance() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            inputHasEnded = true
            advance()
        case is DrainEvent:
            isDraining = true
            parked = nil
            endWaiting()
            advance()
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        room.logger.debug(
            "connection closed", metadata: ["client": "\(id)", "error": "\(error)"])
        context.close(promise: nil)
    }

    // Requests in order.

    /// Starts what can be started, sends what is ready, and reads on if more is wanted.
    func advance() {
        // Sending can make the channel writable again on the spot, which ends up here once more.
        guard let context, !isAdvancing else { return }
        isAdvancing = true
        defer { isAdvancing = false }
        var started = 0
        while !isClosing, !isDraining, hasRoom(context), let step = parked ?? nextStep() {
            guard canStart(step) else {
                parked = step
                break
            }
            parked = nil
            start(step, context)
            started += 1
        }
        if started > 0 { room.figures.requests.add(started, ordering: .relaxed) }
        let isIdle = parked == nil && !isAnswering && appends.isEmpty && hasRoom(context)
        if isIdle, inputHasEnded || isDraining { close() }
        watch.noteRequest(isUnfinished: decoder.isAmidRequest && isIdle)
        noteUnfinished()
        flush(context)
        if readIsHeld, wantsMore(context) {
            readIsHeld = false
            context.read()
        }
    }

    /// Many requests that never end would fill memory: what they may hold together is limited.
    private func noteUnfinished() {
        let bytes = isClosing ? 0 : decoder.unfinishedBytes
        guard bytes != unfinishedBytes else { return }
        let grows = bytes > unfinishedBytes
        let all = room.noteUnfinished(change: bytes - unfinishedBytes)
        unfinishedBytes = bytes
        guard grows, bytes > Limits.unfinishedRequestBytesFree,
            all > room.limits.unfinishedRequestBytes
        else { return }
        room.figures.faulty.add(1, ordering: .relaxed)
        output.append(
            .error(
                "ERR requests that have not arrived whole hold \(all) bytes; accepted: at most "
                    + "\(room.limits.unfinishedRequestBytes), send it again later"))
        close()
        decoder = RequestDecoder()
        _ = room.noteUnfinished(change: -unfinishedBytes)
        unfinishedBytes = 0
    }

    /// Whether a request could be taken on now; the end of the input is waited for in any case.
    private func wantsMore(_ context: ChannelHandlerContext) -> Bool {
        !isClosing && !isDraining && parked == nil && !isAnswering && context.channel.isWritable
    }

    /// Whether the client reads its replies. Hands over what has gathered where it is much.
    private func hasRoom(_ context: ChannelHandlerContext) -> Bool {
        if output.bytes.count >= room.limits.replyBytesUnread { flush(context) }
        return context.channel.isWritable
    }

    private func canStart(_ step: Step) -> Bool {
        if isAnswering { return false }
        if case .request(.append(let envelope)) = step {
            return appends.isEmpty
                || (appends.count < room.limits.appendsInFlight
                    && appends.bytes + envelope.count <= room.limits.appendBytesInFlight)
        }
        return appends.isEmpty
    }

    /// The next request that has arrived whole.
    private func nextStep() -> Step? {
        guard input.readableBytes > 0 else { return nil }
        do {
            let isWhole = try input.readWithUnsafeReadableBytes { bytes throws(ProtocolError) in
                var offset = 0
                let isWhole = try decoder.read(bytes, from: &offset)
                return (offset, isWhole)
            }
            if input.readableBytes == 0 { input = ByteBuffer() }
            guard isWhole else { return nil }
            if let refusal = decoder.refusal { return fault(refusal.reply, thenClose: false) }
        } catch {
            return fault(error.reply, thenClose: true)
        }
        do {
            let request = try RequestParser.parse(decoder.words, now: WallClock.now)
            let missing = request.needs.subtracting(roles)
            guard missing.isEmpty else {
                let sentence =
                    "this takes the role \(missing.words); user \(user) has \(roles.words)"
                return fault(.error("NOPERM " + sentence), thenClose: false)
            }
            return .request(request)
        } catch {
            return fault(error.reply, thenClose: false)
        }
    }

    private func fault(_ reply: Reply, thenClose: Bool) -> Step {
        room.figures.faulty.add(1, ordering: .relaxed)
        return .reply(reply, thenClose: thenClose)
    }

    private func start(_ step: Step, _ context: ChannelHandlerContext) {
        switch step {
        case .reply(let reply, let thenClose):
            output.append(reply)
            if thenClose { close() }
        case .request(.append(let envelope)):
            guard let finishedAppends else { return }
            let ticket = appends.add(bytes: envelope.count)
            room.handler.append(envelope) { finishedAppends.add(ticket, $0) }
        case .request(.info(let sections)):
            write(info(sections))
        case .request(.connection(let request)):
            answer(request)
        case .request(.question(.read(let read), let withSequence))
        where read.waitMilliseconds > 0:
            startReading(read, withSequence: withSequence)
        case .request(let request):
            if room.handler.isCostly(request) {
                answerElsewhere(request, context)
            } else {
                write(room.handler.answer(request, stop: nil))
            }
        }
    }

    /// Replies of appends have come.
    func appendsFinished() {
        guard let finishedAppends else { return }
        watch.lastActive = .now()
        for finished in finishedAppends.take() { appends.finish(finished.ticket, finished.reply) }
        while let reply = appends.takeFirst() { output.append(reply) }
        advance()
    }

    /// Whether the client waits for an answer.
    var isBusy: Bool { isAnswering || !appends.isEmpty }

    // Replies.

    func write(_ reply: Reply) { output.append(reply, atMost: room.limits.replyBytes) }

    /// Sends what is written, and closes behind it if it was the last.
    private func flush(_ context: ChannelHandlerContext) {
        guard !output.bytes.isEmpty || isClosing else { return }
        let buffer = context.channel.allocator.buffer(bytes: output.bytes)
        output.removeAll()
        guard isClosing else {
            context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
            return
        }
        guard !watch.isClosed else { return }
        watch.isClosed = true
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(buffer)).assumeIsolated().whenComplete { _ in
            channel.close(promise: nil)
        }
    }

    /// No more is read or answered; the channel closes once all replies are sent.
    func close() {
        isClosing = true
        parked = nil
        input = ByteBuffer()
    }
}

/// Fired at every connection when the server stops.
struct DrainEvent: Sendable {}

extension ReplyEncoder {
    /// Appends a reply, or an error in its stead where it is too long.
    mutating func append(_ reply: Reply, atMost most: Int) {
        let before = bytes.count
        append(reply)
        let length = bytes.count - before
        guard length > most else { return }
        truncate(to: before)
        append(
            .error("ERR the reply has \(length) bytes; accepted: at most \(most), ask for less"))
    }
}
