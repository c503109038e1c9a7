import Query

/// Any bytes from a server: replies or an error in words, the same ones in pieces.
enum ReplyTarget {
    static func run(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let stream = Array(bytes.dropFirst().prefix(4_096))
        let whole = replies(stream, pieces: max(1, stream.count))
        let cut = replies(stream, pieces: 1 + Int(first))
        precondition(whole == cut, "pieces change nothing")
    }

    private static func replies(_ stream: [UInt8], pieces: Int) -> [String] {
        var decoder = ReplyDecoder()
        var found: [String] = []
        var start = 0
        while start < stream.count {
            let end = min(stream.count, start + pieces)
            decoder.append(stream[start..<end])
            do {
                while let reply = try decoder.next() { found.append("\(reply)") }
            } catch {
                precondition(!error.reason.isEmpty, "an error says what was found")
                return found + ["\(error.reason)"]
            }
            start = end
        }
        return found
    }
}
