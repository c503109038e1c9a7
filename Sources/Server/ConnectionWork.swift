import Engine
import NIOCore
import NIOPosix
import Query

/// What takes too long for an event loop: a worker thread does it, then the connection goes on.
extension Connection {
    /// Has a costly question answered.
    func answerElsewhere(_ request: Request, _ context: ChannelHandlerContext) {
        let version = output.version
        let room = room
        let pool =
            switch request {
            case .compact, .rebuild, .backup: room.caretaker
            default: room.workers
            }
        answerOnWorker(context, of: pool) { stop in
            var encoder = ReplyEncoder(version)
            encoder.append(room.handler.answer(request, stop: stop), atMost: room.limits.replyBytes)
            return encoder.bytes
        } then: { connection, encoded in
            connection.output.append(encoded: encoded)
            connection.advance()
        }
    }

    /// Runs `work` on a thread of `pool`, then `next` here, where the connection goes on.
    func answerOnWorker<Answer: Sendable>(
        _ context: ChannelHandlerContext, of pool: NIOThreadPool,
        _ work: @escaping @Sendable (StopFlag) -> Answer,
        then next: @escaping (Connection, Answer) -> Void
    ) {
        isAnswering = true
        let stop = StopFlag()
        self.stop = stop
        let answer = pool.runIfActive(eventLoop: context.eventLoop) { work(stop) }
        answer.assumeIsolated().whenComplete { result in
            self.isAnswering = false
            self.stop = nil
            self.watch.lastActive = .now()
            switch result {
            case .success(let answer): next(self, answer)
            case .failure:
                self.output.append(.error("ERR the server is shutting down"))
                self.advance()
            }
        }
    }
}
