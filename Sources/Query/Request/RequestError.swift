/// A request that cannot be understood: one sentence with what was wrong, where, and what is
/// accepted. The connection lives on.
public struct RequestError: Error, Hashable, Sendable {
    /// ASCII, one line, without the leading code.
    public var sentence: String

    /// The code that leads the error on the wire: `ERR`, but for the few that clients look for.
    public var code = "ERR"

    public init(_ sentence: String) { self.sentence = sentence }

    /// HELLO with a version that is not spoken.
    init(noProtocol version: String) {
        self.init("HELLO, word 2: protocol \(version); accepted: 2, 3")
        code = "NOPROTO"
    }

    /// The reply that says so.
    public var reply: Reply { .error("\(code) \(sentence)") }
}

/// Bytes of a client as they may stand in a sentence: printable ASCII, anything else as `\xHH`, and
/// cut after 64 bytes.
func quoted(_ bytes: some Collection<UInt8>) -> String {
    var text = "'"
    for byte in bytes.prefix(64) {
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\\"):
            text += "\\" + String(UnicodeScalar(byte))
        case 0x20...0x7E:
            text.unicodeScalars.append(UnicodeScalar(byte))
        default:
            text += byte < 16 ? "\\x0" : "\\x"
            text += String(byte, radix: 16)
        }
    }
    return text + (bytes.count > 64 ? "...'" : "'")
}
