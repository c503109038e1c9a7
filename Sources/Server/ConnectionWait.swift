import Engine
import NIOCore
import Query

/// A READ that waits for its first message.
struct WaitingRead {
    var question: ReadQuestion
    let withSequence: Bool
    let deadline: NIODeadline
    /// The empty reply, for when the time is over.
    var emptyReply: [UInt8] = []
    var watch: Watchers.ID?
    var timeout: Scheduled<Void>?
}

/// What asking for a page gave.
enum ReadOutcome: Sendable {
    case page([UInt8])
    case empty([UInt8], next: UInt64)
}

extension Connection {
    /// Answers READ ... WAIT. Like a costly question it holds up what stands behind it; unlike one
    /// it takes no thread while it waits.
    func startReading(_ question: ReadQuestion, withSequence: Bool) {
        let wait = TimeAmount.milliseconds(Int64(question.waitMilliseconds))
        waitingRead = WaitingRead(
            question: question, withSequence: withSequence, deadline: .now() + wait)
        askForPage()
    }

    private func askForPage() {
        guard let context, let read = waitingRead else { return }
        let room = room
        let version = output.version
        let question = read.question
        let withSequence = read.withSequence
        answerOnWorker(context, of: room.workers) { stop in
            let reply = room.handler.answer(
                .question(.read(question), withSequence: withSequence), stop: stop)
            var encoder = ReplyEncoder(version)
            encoder.append(reply, atMost: room.limits.replyBytes)
            guard let next = reply.nextOfEmptyPage else { return .page(encoder.bytes) }
            return .empty(encoder.bytes, next: next)
        } then: { connection, outcome in
            connection.take(outcome)
        }
    }

    private func take(_ outcome: ReadOutcome) {
        switch outcome {
        case .page(let encoded):
            finishReading(encoded)
        case .empty(let encoded, let next):
            guard var read = waitingRead, let context, !isDraining, .now() < read.deadline,
                !room.handler.watchers.haveEnded
            else { return finishReading(encoded) }
            read.emptyReply = encoded
            read.question.from = next
            isAnswering = true
            let loop = context.eventLoop
            let bound = NIOLoopBound(self, eventLoop: loop)
            read.watch = room.handler.watchers.add(after: next - 1) {
                loop.execute { bound.value.messagesCame() }
            }
            read.timeout = loop.assumeIsolated().scheduleTask(deadline: read.deadline) {
                self.endWaiting()
            }
            waitingRead = read
        }
    }

    private func messagesCame() {
        guard let read = waitingRead, read.watch != nil else { return }
        stopWatching()
        askForPage()
    }

    /// Answers with what there is: nothing. For the end of the time, and of the server.
    func endWaiting() {
        guard let read = waitingRead, read.watch != nil else { return }
        finishReading(read.emptyReply)
    }

    /// The client has left.
    func forgetReading() {
        stopWatching()
        waitingRead = nil
    }

    private func finishReading(_ encoded: [UInt8]) {
        forgetReading()
        isAnswering = false
        watch.lastActive = .now()
        output.append(encoded: encoded)
        advance()
    }

    private func stopWatching() {
        if let id = waitingRead?.watch { room.handler.watchers.remove(id) }
        waitingRead?.timeout?.cancel()
        waitingRead?.watch = nil
        waitingRead?.timeout = nil
    }
}

extension Reply {
    /// The next sequence, where this is READ's reply without a message.
    fileprivate var nextOfEmptyPage: UInt64? {
        guard case .array(let parts) = self, parts.count == 2, case .integer(let first) = parts[0]
        else { return nil }
        if parts[1].isEmptyList { return UInt64(first) }
        // AT puts the sequence in front of the reply.
        guard case .array(let rest) = parts[1], rest.count == 2,
            case .integer(let next) = rest[0], rest[1].isEmptyList
        else { return nil }
        return UInt64(next)
    }

    private var isEmptyList: Bool {
        switch self {
        case .array(let elements): elements.isEmpty
        case .messages(let messages): messages.rows.isEmpty
        default: false
        }
    }
}
