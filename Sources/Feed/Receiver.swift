import CZeroMQ
import Engine
import Envelope
import Glibc
import Logging
import Model
import Signatures
import Synchronization

/// The loop of a subscriber's thread, and all that only this thread touches.
final class Receiver {
    /// How long a stop may go unnoticed.
    private static let pollMilliseconds = 50
    /// On stopping, messages are taken for so long at most: a fast publisher would never let go.
    private static let drainMicroseconds: Int64 = 1_000_000

    private let subscriber: Subscriber
    private let socket: Socket
    private let monitor: ConnectionMonitor
    private let parser: EnvelopeParser
    private let topic = Frame()
    private let body = Frame()
    private let surplus = Frame()
    private var batch = RecordBatch()
    private var batchBytes = 0
    private var counters = FeedCounters()
    private var recorder: GapRecorder?
    private var publishers = PublisherCounters()
    /// When nothing waited in the socket for the last time, and what was taken since.
    private var lastEmpty: Timestamp
    private var takenSinceEmpty = 0
    private var pace: ReceivePace
    private var lastReconnect: Timestamp
    private var steps: ClockSteps

    init(_ subscriber: Subscriber) throws(FeedError) {
        self.subscriber = subscriber
        let options = subscriber.options
        parser = EnvelopeParser(
            profile: options.profile,
            signatures: options.signatures.map { SignatureChecker($0, origin: .live) })
        let started = ClockSteps.Reading.now
        steps = ClockSteps(started)
        lastEmpty = started.wall
        pace = ReceivePace(since: lastEmpty)
        lastReconnect = lastEmpty
        // Before anything is connected: what is missed until then is in the gap.
        recorder = subscriber.ledger.map {
            GapRecorder(
                feed: options.feed, endpoints: options.endpoints, since: options.since, ledger: $0,
                now: started.wall)
        }
        socket = try Socket(type: ZMQ_SUB)
        try socket.set(ZMQ_RCVHWM, "ZMQ_RCVHWM", Int32(options.queuedMessagesMax))
        try socket.set(ZMQ_MAXMSGSIZE, "ZMQ_MAXMSGSIZE", wide: Int64(options.frameBytesMax))
        try socket.set(ZMQ_LINGER, "ZMQ_LINGER", 0)
        // A bus has hundreds of endpoints, of which some are down: back off from 100 ms to 1 s.
        try socket.set(ZMQ_RECONNECT_IVL, "ZMQ_RECONNECT_IVL", 100)
        try socket.set(ZMQ_RECONNECT_IVL_MAX, "ZMQ_RECONNECT_IVL_MAX", 1_000)
        // Idle connections die silently behind firewalls.
        try socket.set(ZMQ_TCP_KEEPALIVE, "ZMQ_TCP_KEEPALIVE", 1)
        try socket.set(ZMQ_TCP_KEEPALIVE_CNT, "ZMQ_TCP_KEEPALIVE_CNT", 3)
        try socket.set(ZMQ_TCP_KEEPALIVE_IDLE, "ZMQ_TCP_KEEPALIVE_IDLE", 60)
        try socket.set(ZMQ_TCP_KEEPALIVE_INTVL, "ZMQ_TCP_KEEPALIVE_INTVL", 5)
        if let curve = options.curve { try socket.set(curve) }
        monitor = try ConnectionMonitor(socket)
        for prefix in options.prefixes.isEmpty ? [""] : options.prefixes {
            try socket.subscribe(prefix: prefix)
        }
        for endpoint in options.endpoints { try socket.connect(endpoint) }
    }

    func run() {
        while !subscriber.stopping.load(ordering: .acquiring) {
            waitForMessages()
            receiveAll(until: nil)
            let now = readClocks().wall
            recorder?.look(
                now: now, connected: counters.connected, received: counters.received,
                empty: lastEmpty)
            pace.look(now: now, &counters)
            reconnect(now)
            publishCounters()
        }
        receiveAll(until: readClocks().elapsed + Self.drainMicroseconds)
        recorder?.stopped(at: lastEmpty, received: counters.received)
        publishCounters()
    }

    /// What time it is; takes notice where the clock was set back.
    private func readClocks() -> ClockSteps.Reading {
        let reading = ClockSteps.Reading.now
        if let back = steps.setBack(reading) {
            recorder?.clockSetBack(by: back, to: reading.wall)
            lastEmpty = min(
                reading.wall, Timestamp(microseconds: lastEmpty.microseconds - back))
        }
        return reading
    }

    /// ZeroMQ gives up for ever on a publisher that does not speak CURVE, does where none was
    /// expected, or does not know the key. It may be mended there: so it is tried again.
    private func reconnect(_ now: Timestamp) {
        let span = abs(now.microseconds - lastReconnect.microseconds)
        guard span >= Limits.feedReconnectMicroseconds else { return }
        lastReconnect = now
        // Sorted for the log's sake; an endpoint that was connected under another name is none.
        for endpoint in monitor.takeAbandoned().sorted()
        where subscriber.options.endpoints.contains(endpoint) {
            do { try socket.reconnect(endpoint) } catch {
                subscriber.logger.error("\(error)")
            }
        }
    }

    private func waitForMessages() {
        var items = [
            zmq_pollitem_t(socket: socket.handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0),
            zmq_pollitem_t(socket: monitor.handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0),
        ]
        // An interrupted wait is as good as one that has ended.
        zmq_poll(&items, Int32(items.count), Self.pollMilliseconds)
    }

    /// Takes messages until none waits, and hands on what is left. Ends earlier at the deadline, or
    /// without one when the subscriber is stopped.
    private func receiveAll(until deadline: Int64?) {
        while true {
            let reading = readClocks()
            let arrival = reading.wall
            if let deadline {
                if reading.elapsed >= deadline { break }
            } else if subscriber.stopping.load(ordering: .acquiring) {
                break
            }
            monitor.read(into: &counters) { endpoint, isConnected in
                if isConnected {
                    recorder?.connected(endpoint, at: arrival)
                } else {
                    recorder?.disconnected(endpoint, at: arrival)
                }
            }
            guard receiveSome(arrival: arrival) else {
                noteEmpty(arrival)
                break
            }
        }
        handOn()
    }

    /// As many messages as a connection's mark, and never an empty socket: that one may have
    /// reached its mark, and its publisher dropped the rest. Only a suspicion, since messages of
    /// several connections count together, and since a socket may have been emptied just in time.
    /// A publisher's own mark may be lower; so a process that was held up, or a machine that
    /// slept, is one more.
    private func noteEmpty(_ now: Timestamp) {
        let seconds = (now.microseconds - lastEmpty.microseconds) / 1_000_000
        if takenSinceEmpty >= subscriber.options.queuedMessagesMax
            || seconds >= Limits.feedStallSecondsMax
        {
            counters.overflows += 1
            recorder?.overflowed(from: lastEmpty, to: now)
        }
        lastEmpty = now
        takenSinceEmpty = 0
    }

    /// Takes up to 256 messages that share a time of arrival. Returns false when none waits.
    private func receiveSome(arrival: Timestamp) -> Bool {
        for _ in 0..<256 {
            let code = topic.receive(from: socket.handle)
            guard code == 0 else {
                if code != EAGAIN && code != EINTR {
                    subscriber.logger.error("\(FeedError(.connect, "the bus", code: code))")
                }
                return false
            }
            counters.received += 1
            takenSinceEmpty += 1
            counters.lastMessage = arrival
            take(arrival: arrival)
        }
        return true
    }

    /// Takes the rest of the message whose first frame has been received.
    private func take(arrival: Timestamp) {
        guard topic.hasMore, body.receive(from: socket.handle) == 0 else {
            reject(.frameCount, topic: [], envelope: Array(topic.bytes), arrival: arrival)
            return
        }
        if body.hasMore {
            let (first, second) = (Array(topic.bytes), Array(body.bytes))
            repeat {
                guard surplus.receive(from: socket.handle) == 0 else { break }
            } while surplus.hasMore
            reject(.frameCount, topic: first, envelope: second, arrival: arrival)
            return
        }
        let outcome = parser.append(
            body.bytes, frameTopic: topic.bytes, arrival: arrival, to: &batch)
        switch outcome {
        case .record:
            follow(parser.origin, arrival: arrival)
            batchBytes += body.bytes.count
            let options = subscriber.options
            if batchBytes >= options.batchBytes || batch.count >= options.batchRecords { handOn() }
        case .rejected(let reason):
            reject(
                reason, topic: Array(topic.bytes), envelope: Array(body.bytes), arrival: arrival)
        }
    }

    /// Looks whether the publisher has sent messages that have not come.
    private func follow(_ origin: Origin, arrival: Timestamp) {
        counters.lag = arrival.microseconds - origin.time.microseconds
        guard recorder != nil, origin.counter != nil || origin.sequence != nil else { return }
        let service = ServiceName.range(in: topic.bytes)
        let name = UnsafeRawBufferPointer(rebasing: topic.bytes[service])
        let publisher = origin.publisher(service: name, envelope: body.bytes)
        if let jump = publishers.take(origin, of: publisher, arrival: arrival) {
            counters.missing += Int(jump.missing)
            recorder?.jumped(jump, of: String(decoding: name, as: UTF8.self))
        }
    }

    private func reject(
        _ reason: Rejection, topic: [UInt8], envelope: [UInt8], arrival: Timestamp
    ) {
        counters[reason] += 1
        subscriber.rejectedSink(
            RejectedMessage(reason: reason, arrival: arrival, topic: topic, envelope: envelope))
    }

    private func handOn() {
        guard !batch.isEmpty else { return }
        counters.queued = batch.count
        publishCounters()
        subscriber.sink(batch)
        counters.handed += batch.count
        counters.queued = 0
        counters.batches += 1
        batch.removeAll()
        batchBytes = 0
        publishCounters()
    }

    private func publishCounters() {
        counters.namesSkipped = parser.namesSkipped
        let present = counters
        subscriber.shared.withLock { $0 = present }
    }
}
