import Model
import Query

/// Any bytes from a client: requests or an error in words, and the same ones however the bytes
/// are cut into pieces.
enum RequestTarget {
    static func run(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let stream = Array(bytes.dropFirst())
        let whole = requests(stream, pieces: max(stream.count, 1))
        let cut = requests(stream, pieces: 1 + Int(first & 7))
        precondition(whole == cut, "pieces change nothing")
    }

    /// What is read, as text; an error of the protocol ends it.
    private static func requests(_ stream: [UInt8], pieces: Int) -> [String] {
        var decoder = RequestDecoder()
        var found: [String] = []
        var start = 0
        while start < stream.count {
            let end = min(stream.count, start + pieces)
            var offset = 0
            do {
                try stream[start..<end].withUnsafeBytes { piece in
                    while try decoder.read(piece, from: &offset) { found.append(read(decoder)) }
                    precondition(offset == piece.count, "all bytes are consumed")
                }
            } catch {
                return found + ["\(error)"]
            }
            start = end
        }
        return found + [decoder.isAmidRequest ? "more is to come" : "the end"]
    }

    private static func read(_ decoder: RequestDecoder) -> String {
        if let refusal = decoder.refusal { return sentence(refusal) }
        precondition(decoder.words.count > 0, "a request has words")
        do {
            return "\(try RequestParser.parse(decoder.words, now: StoreImage.now))"
        } catch {
            return sentence(error)
        }
    }

    private static func sentence(_ error: RequestError) -> String {
        precondition(
            !error.sentence.isEmpty && error.sentence.utf8.allSatisfy { $0 >= 32 && $0 < 127 },
            "an error says what was wrong, in one plain line")
        return error.sentence
    }
}
