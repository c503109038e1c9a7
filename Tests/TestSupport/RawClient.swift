import Glibc
import Query

/// A client without a library: bytes out, replies in. Calls block, for ten seconds at most.
package final class RawClient {
    package struct Failure: Error {
        package var call: String
        package var code: Int32
    }

    private let descriptor: CInt
    private var decoder = ReplyDecoder()
    package private(set) var hasEnded = false

    package init(_ path: String) throws {
        descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw Failure(call: "connect", code: code)
        }
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
    }

    deinit { Glibc.close(descriptor) }

    package func send(_ bytes: some Sequence<UInt8>) throws {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard sent > 0 else { throw Failure(call: "send", code: errno) }
            rest = rest.dropFirst(sent)
        }
    }

    package func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends what fits without waiting. - Returns: how many bytes.
    package func sendWhatFits(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes {
            Glibc.send(
                descriptor, $0.baseAddress, $0.count,
                CInt(MSG_NOSIGNAL | MSG_DONTWAIT))
        }
    }

    package func endSending() { shutdown(descriptor, CInt(SHUT_WR)) }

    /// The next reply; nil at the end of the stream.
    package func reply() throws -> Reply? {
        while true {
            if let reply = try decoder.next() { return reply }
            var room = [UInt8](repeating: 0, count: 1 << 18)
            let count = room.withUnsafeMutableBytes {
                recv(descriptor, $0.baseAddress, $0.count, 0)
            }
            if count == 0 || (count < 0 && errno == ECONNRESET) {
                hasEnded = true
                return nil
            }
            guard count > 0 else { throw Failure(call: "recv", code: errno) }
            decoder.append(room[..<count])
        }
    }

    /// Sends a line and takes the next reply.
    package func ask(_ line: String) throws -> Reply? {
        try send(line + "\r\n")
        return try reply()
    }
}
