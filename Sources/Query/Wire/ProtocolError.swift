/// Bytes that are no request: after them, nobody knows where the next one begins, so the connection
/// is closed.
package struct ProtocolError: Error, Hashable, Sendable {
    /// ASCII, one line.
    package var sentence: String

    init(_ sentence: String) { self.sentence = sentence }

    /// The reply that says so.
    package var reply: Reply { .error("ERR Protocol error: " + sentence) }
}
