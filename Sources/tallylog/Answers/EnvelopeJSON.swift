/// An envelope within a larger JSON value: byte for byte as it came where that is JSON.
///
/// Python writes NaN and Infinity into envelopes, and control characters into texts where it is
/// told to; a strict reader would refuse the whole answer for one of them. Such an envelope
/// becomes a text.
enum EnvelopeJSON {
    static func text(of bytes: [UInt8]) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        return isStrict(bytes) ? onOneLine(text) : ReplyJSON.quoted(text)
    }

    /// Of what was accepted as an envelope, only these words and bytes are no JSON.
    private static func isStrict(_ bytes: [UInt8]) -> Bool {
        guard bytes.first == UInt8(ascii: "{") else { return false }
        var isText = false
        var isEscaped = false
        for byte in bytes {
            if isText {
                if byte < 0x20 { return false }
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isText = false
                }
            } else if byte == UInt8(ascii: "\"") {
                isText = true
            } else if byte == UInt8(ascii: "N") || byte == UInt8(ascii: "I") {
                return false
            }
        }
        return true
    }

    /// Line ends stand between values only, where a space means the same.
    private static func onOneLine(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 13 || $0 == 10 }) else { return text }
        return String(decoding: text.utf8.map { $0 == 13 || $0 == 10 ? 32 : $0 }, as: UTF8.self)
    }
}
