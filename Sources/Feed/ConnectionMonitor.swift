import CZeroMQ

/// Listens to a socket's own events, and so knows which endpoints are connected: the only sign that
/// a PUB/SUB connection was lost, and messages with it.
final class ConnectionMonitor {
    let handle: UnsafeMutableRawPointer
    private let socket: Socket
    private var connected: Set<[UInt8]> = []
    /// Endpoints with which ZeroMQ has given up: they spoke another language, said no, or sent a
    /// frame that is longer than accepted.
    private var abandoned: Set<String> = []
    private let event = Frame()
    private let address = Frame()

    init(_ socket: Socket) throws(FeedError) {
        let endpoint = "inproc://monitor"
        let events =
            ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED
            | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
            | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_CONNECT_RETRIED
        guard zmq_socket_monitor(socket.handle, endpoint, events) == 0 else {
            throw FeedError(.setOption, "the socket's monitor")
        }
        guard let handle = zmq_socket(socket.context, ZMQ_PAIR) else {
            throw FeedError(.createSocket, "for the monitor")
        }
        guard zmq_connect(handle, endpoint) == 0 else {
            let error = FeedError(.connect, endpoint)
            zmq_close(handle)
            throw error
        }
        self.handle = handle
        self.socket = socket
    }

    deinit {
        zmq_socket_monitor(socket.handle, nil, 0)
        zmq_close(handle)
    }

    /// Takes the events that wait, and counts.
    /// - Parameter told: is called with each endpoint that was connected or lost.
    func read(into counters: inout FeedCounters, _ told: (String, _ isConnected: Bool) -> Void) {
        while event.receive(from: handle) == 0 {
            guard event.hasMore, address.receive(from: handle) == 0, event.bytes.count >= 2 else {
                continue
            }
            let kind = Int32(event.bytes.loadUnaligned(as: UInt16.self))
            let endpoint = Array(address.bytes)
            let name = String(decoding: endpoint, as: UTF8.self)
            if kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED {
                connected.insert(endpoint)
                counters.refused[name] = nil
                abandoned.remove(name)
                told(name, true)
            } else if let failure = HandshakeFailure(event: kind, value: value) {
                counters.handshakeFailures += 1
                // What says less does not take the place of what says more.
                if failure != .closed || counters.refused[name] == nil {
                    counters.refused[name] = failure
                }
                if kind != ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL { abandoned.insert(name) }
            } else if kind == ZMQ_EVENT_CONNECT_RETRIED {
                abandoned.remove(name)
            } else if kind == ZMQ_EVENT_DISCONNECTED, connected.remove(endpoint) != nil {
                counters.disconnections += 1
                // It tries again at once, unless it was a frame past the limit that ended it.
                abandoned.insert(name)
                told(name, false)
            }
        }
        counters.connected = connected.count
    }

    /// The number that an event tells beside its kind.
    private var value: UInt32 {
        event.bytes.count < 6
            ? 0 : event.bytes.loadUnaligned(fromByteOffset: 2, as: UInt32.self)
    }

    /// The endpoints that must be connected to again: ZeroMQ does not by itself.
    func takeAbandoned() -> Set<String> {
        defer { abandoned.removeAll() }
        return abandoned
    }
}
