import Envelope
import Model

/// What a feed has done since it was started. Of all that is received, each message is handed to
/// the sink or rejected; it never vanishes: `received == handed + rejectedTotal + queued`.
package struct FeedCounters: Sendable, Equatable {
    /// Messages taken from the socket.
    package var received = 0
    /// Messages that the sink has taken.
    package var handed = 0
    /// Messages in the batch that the sink has not taken yet.
    package var queued = 0
    /// Batches that the sink has taken.
    package var batches = 0
    /// Names that messages carried beyond the limits.
    package var namesSkipped = 0
    /// When the last message came; nil before the first.
    package var lastMessage: Timestamp?
    /// How long the last message was under way, by its own time: microseconds, below zero where
    /// its publisher's clock is ahead.
    package var lag: Int64?
    /// Messages received per second, over the last seconds.
    package var rate = 0.0
    /// The endpoints that are connected now.
    package var connected = 0
    /// Connections that were lost: messages may be missing since.
    package var disconnections = 0
    /// Connections that came to nothing before a message could: wrong keys, for example.
    package var handshakeFailures = 0
    /// The endpoints whose last connection did, and why.
    package var refused: [String: HandshakeFailure] = [:]
    /// How often the receive mark was reached: publishers may have dropped messages.
    package var overflows = 0
    /// Messages that publishers counted and that did not come.
    package var missing = 0
    private var rejections = [Int](repeating: 0, count: Rejection.allCases.count)

    package init() {}

    /// Messages that were rejected for `reason`.
    package subscript(reason: Rejection) -> Int {
        get { rejections[reason.index] }
        set { rejections[reason.index] = newValue }
    }

    /// Messages that were rejected.
    package var rejectedTotal: Int { rejections.reduce(0, +) }
}
