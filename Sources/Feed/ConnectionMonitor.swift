import CZeroMQ

/// Listens to a socket's own events, and so knows which endpoints are connected: the only sign that
/// a PUB/SUB connection was lost, and messages with it.
final class ConnectionMonitor {
    let handle: UnsafeMutableRawPointer
    private let socket: Socket
    private var connected: Set<[UInt8]> = []
    private let event = Frame()
    private let address = Frame()

    init(_ socket: Socket) throws(FeedError) {
        let endpoint = "inproc://monitor"
        let events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED
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
            if kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED {
                connected.insert(endpoint)
                told(String(decoding: endpoint, as: UTF8.self), true)
            } else if kind == ZMQ_EVENT_DISCONNECTED, connected.remove(endpoint) != nil {
                counters.disconnections += 1
                told(String(decoding: endpoint, as: UTF8.self), false)
            }
        }
        counters.connected = connected.count
    }
}
