import Envelope
import Glibc
import Model
import Synchronization

/// The side file of rejected messages: one JSON object a line, with reason, arrival (microseconds
/// since 1970), and topic and envelope in base 64. Bounded: a full file becomes `<path>.old` in
/// place of the one before it, so at least the newer half is kept. Not synchronized: it is an aid,
/// and the log does not depend on it.
package final class RejectedFile: Sendable {
    private struct State {
        var descriptor: Int32
        var size: Int
    }

    package let path: String
    private let bytesMax: Int
    private let state: Mutex<State>

    /// Opens the file, or makes it with mode 0600.
    /// - Parameter bytesMax: of this file and the old one together.
    package init(path: String, bytesMax: Int = Limits.rejectedBytesMax) throws(FeedError) {
        self.path = path
        self.bytesMax = bytesMax
        state = Mutex(try Self.open(path))
    }

    deinit { state.withLock { _ = Glibc.close($0.descriptor) } }

    private static func open(_ path: String) throws(FeedError) -> State {
        let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FeedError(.openFile, path, code: errno) }
        return State(descriptor: descriptor, size: Int(lseek(descriptor, 0, SEEK_END)))
    }

    /// Appends a message. One that alone is longer than half of the bound is cut to fit, and then
    /// cannot be played again.
    package func append(_ message: RejectedMessage) throws(FeedError) {
        var message = message
        // Four characters for three bytes, and the words around them.
        let envelopeMax = max(0, bytesMax / 2 - 1_024 - message.topic.count * 2) / 4 * 3
        if message.envelope.count > envelopeMax {
            message.envelope.removeLast(message.envelope.count - envelopeMax)
        }
        let line = Self.line(message)
        try state.withLock { state throws(FeedError) in
            if state.size > 0, state.size + line.count > bytesMax / 2 {
                guard rename(path, path + ".old") == 0 else {
                    throw FeedError(.writeFile, path, code: errno)
                }
                close(state.descriptor)
                state = try Self.open(path)
            }
            var written = 0
            while written < line.count {
                let count = line[written...].withUnsafeBytes {
                    write(state.descriptor, $0.baseAddress, $0.count)
                }
                if count < 0 {
                    if errno == EINTR { continue }
                    throw FeedError(.writeFile, path, code: errno)
                }
                written += count
                state.size += count
            }
        }
    }

    /// Calls `body` with each message that is kept, the oldest first. A line that a crash or a full
    /// disk cut short is passed over.
    /// - Returns: the number of lines that were passed over.
    package static func forEach(
        in path: String, _ body: (RejectedMessage) -> Void
    ) throws(FeedError) -> Int {
        var damaged = 0
        for file in [path + ".old", path] {
            guard let bytes = try read(file) else { continue }
            for line in bytes.split(separator: UInt8(ascii: "\n")) {
                if let message = message(line) { body(message) } else { damaged += 1 }
            }
        }
        return damaged
    }

    private static func read(_ path: String) throws(FeedError) -> [UInt8]? {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw FeedError(.readFile, path, code: errno)
        }
        defer { _ = Glibc.close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count > 0 {
                bytes += chunk[..<count]
            } else if errno != EINTR {
                throw FeedError(.readFile, path, code: errno)
            }
        }
    }

    private static func line(_ message: RejectedMessage) -> [UInt8] {
        var line = Array(
            """
            {"reason":"\(message.reason.code)","arrival":\(message.arrival.microseconds),"topic":"
            """.utf8)
        Base64.append(message.topic, to: &line)
        line += Array(#"","envelope":""#.utf8)
        Base64.append(message.envelope, to: &line)
        line += Array("\"}\n".utf8)
        return line
    }

    /// Reads a line in the one form that this type writes.
    private static func message(_ line: ArraySlice<UInt8>) -> RejectedMessage? {
        // {"reason":"...","arrival":...,"topic":"...","envelope":"..."} by its quotes.
        let parts = line.split(separator: UInt8(ascii: "\""), omittingEmptySubsequences: false)
        guard parts.count == 15, parts[1].elementsEqual("reason".utf8),
            parts[5].elementsEqual("arrival".utf8), parts[7].elementsEqual("topic".utf8),
            parts[11].elementsEqual("envelope".utf8), parts[14].elementsEqual("}".utf8),
            let reason = Rejection(rawValue: String(decoding: parts[3], as: UTF8.self)),
            let arrival = Int64(String(decoding: parts[6].dropFirst().dropLast(), as: UTF8.self)),
            let topic = Base64.bytes(of: parts[9]), let envelope = Base64.bytes(of: parts[13])
        else { return nil }
        return RejectedMessage(
            reason: reason, arrival: Timestamp(microseconds: arrival), topic: topic,
            envelope: envelope)
    }
}
