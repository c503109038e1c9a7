import CZeroMQ
import Engine
import Envelope
import Glibc
import Logging
import Model
import Signatures
import Synchronization

/// Receives messages of a ZeroMQ bus on a thread of its own: poll, take all that waits, parse, hand
/// batches to a sink. A sink that blocks stops the receiving, so that memory stays bounded by the
/// socket's mark; beyond it the publishers drop, as PUB sockets do.
///
/// One SUB socket connects to all endpoints: ZeroMQ queues fairly between its connections, the mark
/// counts per connection all the same, and one descriptor is polled instead of hundreds.
package final class Subscriber: Sendable {
    /// Takes a batch; whatever it does not keep is gone. May block.
    package typealias Sink = @Sendable (RecordBatch) -> Void
    package typealias RejectedSink = @Sendable (RejectedMessage) -> Void

    package struct Options: Sendable {
        /// The feed's name in the log.
        package var feed: String
        /// From when on history is wanted; nil: from the first start on.
        package var since: Timestamp?
        /// Such as `tcp://hub.example.org:9940`.
        package var endpoints: [String]
        /// Topics begin with one of these, byte for byte; empty for all.
        package var prefixes: [String]
        package var profile: Profile
        /// What is done about signatures; nil: nothing.
        package var signatures: SignaturePolicy?
        /// The keys for connections that are encrypted and authenticated; nil: none is.
        package var curve: CurveKeys?
        /// The messages that wait in the socket, per connection.
        package var queuedMessagesMax: Int
        package var frameBytesMax: Int
        package var batchBytes: Int
        package var batchRecords: Int

        package init(
            endpoints: [String], prefixes: [String] = [], profile: Profile = .fedora,
            feed: String = "bus", since: Timestamp? = nil, signatures: SignaturePolicy? = nil,
            curve: CurveKeys? = nil,
            queuedMessagesMax: Int = Limits.feedQueuedMessagesMax,
            frameBytesMax: Int = Limits.feedFrameBytesMax, batchBytes: Int = Limits.feedBatchBytes,
            batchRecords: Int = Limits.feedBatchRecords
        ) {
            self.feed = feed
            self.since = since
            self.endpoints = endpoints
            self.prefixes = prefixes
            self.profile = profile
            self.signatures = signatures
            self.curve = curve
            self.queuedMessagesMax = queuedMessagesMax
            self.frameBytesMax = frameBytesMax
            self.batchBytes = batchBytes
            self.batchRecords = batchRecords
        }
    }

    let options: Options
    let sink: Sink
    let rejectedSink: RejectedSink
    /// Where gaps are noted; nil: nowhere.
    let ledger: FeedLedger?
    let logger: Logger
    let shared = Mutex(FeedCounters())
    let stopping = Atomic(false)
    private let thread = Mutex<ReceiveThread?>(nil)

    /// - Parameters:
    ///   - ledger: gets what the feed has heard and missed.
    ///   - sink: is called on the feed's thread.
    ///   - rejected: the same, with each message that is not taken.
    package init(
        _ options: Options, logger: Logger, ledger: FeedLedger? = nil,
        rejected: @escaping RejectedSink, sink: @escaping Sink
    ) {
        self.options = options
        self.sink = sink
        self.rejectedSink = rejected
        self.ledger = ledger
        self.logger = logger
    }

    /// The endpoints that it connects to.
    package var endpointCount: Int { options.endpoints.count }

    /// What has been done so far; at most one batch old.
    package var counters: FeedCounters { shared.withLock { $0 } }

    /// Connects and begins to receive. A connection that is refused or lost is tried again for
    /// ever.
    package func start() throws(FeedError) {
        let receiver = try Receiver(self)
        let started = try ReceiveThread(receiver)
        thread.withLock {
            precondition($0 == nil, "a subscriber is started once")
            $0 = started
        }
    }

    /// Takes what has arrived, hands it to the sink, and returns when the thread has ended.
    package func stop() {
        stopping.store(true, ordering: .releasing)
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }
}

/// The thread that runs a receiver until its subscriber is stopped.
struct ReceiveThread: Sendable {
    private let thread: pthread_t

    init(_ receiver: sending Receiver) throws(FeedError) {
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(receiver)
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { preconditionFailure("the thread gets its receiver") }
                Unmanaged<Receiver>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, argument.toOpaque())
        guard code == 0 else {
            argument.release()
            throw FeedError(.startThread, "of the feed", code: code)
        }
        self.thread = thread
    }

    func join() { pthread_join(thread, nil) }
}
