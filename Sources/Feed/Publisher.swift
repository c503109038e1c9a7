import CZeroMQ
import Glibc

/// Publishes messages in two frames, as the bus does. Belongs to one thread at a time.
package final class Publisher {
    private let socket: Socket

    /// - Parameters:
    ///   - endpoint: is bound, such as `ipc:///run/bus.sock`.
    ///   - queuedMessagesMax: per subscriber; beyond it messages are dropped.
    ///   - isLossless: wait for a slow subscriber instead. A real bus does not.
    package init(
        endpoint: String, queuedMessagesMax: Int = 10_000, isLossless: Bool = false
    ) throws(FeedError) {
        // XPUB is PUB that also lets see who subscribes.
        socket = try Socket(type: ZMQ_XPUB)
        try socket.set(ZMQ_SNDHWM, "ZMQ_SNDHWM", Int32(queuedMessagesMax))
        // Who waits for slow subscribers does so at the end too, but not for one that hangs.
        try socket.set(ZMQ_LINGER, "ZMQ_LINGER", isLossless ? 30_000 : 1_000)
        // Without this only the first of several equal subscriptions is told of.
        try socket.set(ZMQ_XPUB_VERBOSE, "ZMQ_XPUB_VERBOSE", 1)
        try socket.set(ZMQ_XPUB_NODROP, "ZMQ_XPUB_NODROP", isLossless ? 1 : 0)
        try socket.bind(endpoint)
    }

    /// Waits until someone subscribes: what is published before is lost. Returns false if nobody
    /// did in `milliseconds`.
    package func waitForSubscriber(milliseconds: Int) -> Bool {
        var item = zmq_pollitem_t(
            socket: socket.handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
        guard zmq_poll(&item, 1, milliseconds) > 0 else { return false }
        let frame = Frame()
        return frame.receive(from: socket.handle) == 0 && frame.bytes.first == 1
    }

    /// Sends a message.
    package func publish(
        topic: UnsafeRawBufferPointer, envelope: UnsafeRawBufferPointer
    ) throws(FeedError) {
        try send(topic, ZMQ_SNDMORE)
        try send(envelope, 0)
    }

    /// Sends a message of any number of frames, at least one.
    package func publish(frames: [[UInt8]]) throws(FeedError) {
        for (place, frame) in frames.enumerated() {
            let flags = place < frames.count - 1 ? ZMQ_SNDMORE : 0
            let code = frame.withUnsafeBytes { sendCode($0, flags) }
            guard code == 0 else { throw FeedError(.send, "a frame", code: code) }
        }
    }

    private func send(_ bytes: UnsafeRawBufferPointer, _ flags: Int32) throws(FeedError) {
        let code = sendCode(bytes, flags)
        guard code == 0 else { throw FeedError(.send, "a frame", code: code) }
    }

    private func sendCode(_ bytes: UnsafeRawBufferPointer, _ flags: Int32) -> Int32 {
        while zmq_send(socket.handle, bytes.baseAddress, bytes.count, flags) < 0 {
            let code = zmq_errno()
            if code != EINTR { return code }
        }
        return 0
    }
}
