import CZeroMQ
import Glibc

/// A ZeroMQ context and one socket in it, closed together. Belongs to one thread at a time.
final class Socket {
    let handle: UnsafeMutableRawPointer
    let context: UnsafeMutableRawPointer

    /// - Parameter type: such as `ZMQ_SUB`.
    init(type: Int32) throws(FeedError) {
        guard let context = zmq_ctx_new() else { throw FeedError(.createSocket, "context") }
        guard let handle = zmq_socket(context, type) else {
            let error = FeedError(.createSocket, "of type \(type)")
            zmq_ctx_term(context)
            throw error
        }
        self.context = context
        self.handle = handle
    }

    deinit {
        zmq_close(handle)
        zmq_ctx_term(context)
    }

    func set(_ option: Int32, _ name: String, _ value: Int32) throws(FeedError) {
        var value = value
        guard zmq_setsockopt(handle, option, &value, MemoryLayout<Int32>.size) == 0 else {
            throw FeedError(.setOption, name)
        }
    }

    func set(_ option: Int32, _ name: String, wide value: Int64) throws(FeedError) {
        var value = value
        guard zmq_setsockopt(handle, option, &value, MemoryLayout<Int64>.size) == 0 else {
            throw FeedError(.setOption, name)
        }
    }

    /// Lets only publishers connect that have the server's key. To be called before `connect`.
    func set(_ keys: CurveKeys) throws(FeedError) {
        for (option, name, key) in [
            (ZMQ_CURVE_SERVERKEY, "ZMQ_CURVE_SERVERKEY", keys.server),
            (ZMQ_CURVE_PUBLICKEY, "ZMQ_CURVE_PUBLICKEY", keys.own.publicKey),
            (ZMQ_CURVE_SECRETKEY, "ZMQ_CURVE_SECRETKEY", keys.own.secretKey),
        ] {
            let bytes = key.bytes
            guard zmq_setsockopt(handle, option, bytes, bytes.count) == 0 else {
                throw FeedError(.setOption, name)
            }
        }
    }

    func subscribe(prefix: String) throws(FeedError) {
        let bytes = Array(prefix.utf8)
        guard zmq_setsockopt(handle, ZMQ_SUBSCRIBE, bytes, bytes.count) == 0 else {
            throw FeedError(.setOption, "ZMQ_SUBSCRIBE")
        }
    }

    func bind(_ endpoint: String) throws(FeedError) {
        guard zmq_bind(handle, endpoint) == 0 else { throw FeedError(.bind, endpoint) }
    }

    /// Begins anew with an endpoint; one that is not connected any more is connected to.
    func reconnect(_ endpoint: String) throws(FeedError) {
        guard zmq_disconnect(handle, endpoint) == 0 || zmq_errno() == ENOENT else {
            throw FeedError(.connect, endpoint)
        }
        try connect(endpoint)
    }

    func connect(_ endpoint: String) throws(FeedError) {
        guard zmq_connect(handle, endpoint) == 0 else { throw FeedError(.connect, endpoint) }
    }
}

/// A ZeroMQ message's memory, used again for each frame.
final class Frame {
    let message: UnsafeMutablePointer<zmq_msg_t>

    init() {
        message = .allocate(capacity: 1)
        zmq_msg_init(message)
    }

    deinit {
        zmq_msg_close(message)
        message.deallocate()
    }

    /// The frame's bytes, valid until the next is received.
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: zmq_msg_data(message), count: zmq_msg_size(message))
    }

    /// Whether another frame of the same message follows.
    var hasMore: Bool { zmq_msg_more(message) != 0 }

    /// Receives a frame if one waits.
    /// - Returns: 0, or the errno: EAGAIN if none waits.
    func receive(from socket: UnsafeMutableRawPointer) -> Int32 {
        zmq_msg_recv(message, socket, ZMQ_DONTWAIT) >= 0 ? 0 : zmq_errno()
    }
}
