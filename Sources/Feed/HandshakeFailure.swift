import CZeroMQ

/// Why a connection that was made came to nothing.
package enum HandshakeFailure: String, Sendable, Equatable {
    /// One side speaks CURVE and the other does not.
    case mechanism
    /// The keys do not fit each other.
    case keys
    /// The publisher does not know the subscriber's key.
    case denied
    /// The publisher ended it without a word, as it does with a wrong key of its own in hand, or
    /// when it ends itself.
    case closed

    /// - Parameters:
    ///   - event: of the socket's monitor.
    ///   - value: what the event tells beside.
    /// - Returns: nil for other events.
    init?(event: Int32, value: UInt32) {
        switch event {
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: self = .closed
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: self = .denied
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
            self =
                value == UInt32(ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH) ? .mechanism : .keys
        default: return nil
        }
    }

    /// As a sentence without its end.
    package var sentence: String {
        switch self {
        case .mechanism:
            "One side speaks CURVE and the other does not: see 'curve' of the feed"
        case .keys: "The keys of CURVE do not fit: see 'curve' of the feed"
        case .denied: "The publisher does not permit this subscriber's public key"
        case .closed:
            "The publisher ended the handshake: with CURVE, see that server_key is its public key"
        }
    }
}
