import Model
import Testing

@testable import Query

/// 2024-01-31T12:00:00Z.
let now = Timestamp(seconds: 1_706_702_400)

/// What a line typed by hand means.
func parse(_ line: String) throws -> Request {
    var decoder = RequestDecoder()
    let bytes = Array((line + "\r\n").utf8)
    let isWhole = try bytes.withUnsafeBytes { raw throws(ProtocolError) in
        var offset = 0
        return try decoder.read(raw, from: &offset)
    }
    #expect(isWhole)
    if let refusal = decoder.refusal { throw refusal }
    return try RequestParser.parse(decoder.words, now: now)
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
