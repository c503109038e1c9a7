import Glibc
import Query

/// A blocking client of a server's Unix socket: one request, one reply.
package final class SocketClient {
    private let descriptor: Int32
    private var decoder = ReplyDecoder()

    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    /// Connects.
    /// - Parameter seconds: how long a reply may be waited for; nil: for ever.
    package init(path: String, patience seconds: Int? = nil) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | closeOnExec, 0)
        guard descriptor >= 0 else { throw Failure(description: "no socket: \(Self.reason)") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        if let seconds {
            var patience = timeval(tv_sec: seconds, tv_usec: 0)
            for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
                setsockopt(
                    descriptor, SOL_SOCKET, option, &patience,
                    socklen_t(MemoryLayout<timeval>.size))
            }
        }
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw Failure(description: "the socket's path is longer than 107 bytes: \(path)")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else {
            let reason = Self.reason
            close(descriptor)
            throw Failure(
                description: "nobody answers at \(path) (\(reason)); "
                    + "start 'tallylog serve', or name another --socket")
        }
    }

    deinit { close(descriptor) }

    private static var reason: String { String(cString: strerror(errno)) }

    /// Sends a request and waits for its reply.
    package func ask(_ words: [[UInt8]]) throws -> Reply {
        guard let reply = try ask(all: [words]).first else {
            throw Failure(description: "the server gave no reply")
        }
        return reply
    }

    /// Sends requests together and waits for all their replies.
    package func ask(all requests: [[[UInt8]]]) throws -> [Reply] {
        var bytes: [UInt8] = []
        for words in requests {
            bytes += Array("*\(words.count)\r\n".utf8)
            for word in words { bytes += Array("$\(word.count)\r\n".utf8) + word + [13, 10] }
        }
        try sendAll(bytes)
        return try requests.map { _ in try readReply() }
    }

    private func sendAll(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let amount = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if amount < 0 && errno == EINTR { continue }
            guard amount > 0 else {
                throw Failure(description: "the server closed the connection: \(Self.reason)")
            }
            sent += amount
        }
    }

    private func readReply() throws -> Reply {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let reply = try decoder.next() { return reply }
            let amount = read(descriptor, &buffer, buffer.count)
            if amount < 0 && errno == EINTR { continue }
            if amount < 0 && errno == EAGAIN {
                throw Failure(description: "the server did not answer in time")
            }
            guard amount > 0 else {
                throw Failure(description: "the server closed the connection before it answered")
            }
            decoder.append(buffer[..<amount])
        }
    }
}

/// SOCK_CLOEXEC, which the C header defines as an enumerator that Swift does not see as Int32.
private let closeOnExec: Int32 = 0o2_000_000
