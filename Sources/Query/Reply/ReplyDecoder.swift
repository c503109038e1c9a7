/// Reads replies, RESP2 or RESP3, from bytes as they arrive: the client's side.
package struct ReplyDecoder: Sendable {
    /// Bytes that are no reply: what was found, and where.
    package struct Malformed: Error, Hashable, Sendable {
        package var reason: String
        /// From the first byte of the reply.
        package var offset: Int
    }

    private var bytes: [UInt8] = []
    /// Where the next reply begins.
    private var start = 0

    package init() {}

    /// Takes bytes that have arrived.
    package mutating func append(_ more: some Collection<UInt8>) {
        if start > 0 {
            bytes.removeFirst(start)
            start = 0
        }
        bytes.append(contentsOf: more)
    }

    /// Whether bytes of an unfinished reply are held.
    package var isEmpty: Bool { start == bytes.count }

    /// The next whole reply, or nil until more bytes have arrived. Maps of RESP2 come as arrays.
    package mutating func next() throws(Malformed) -> Reply? {
        var cursor = start
        guard let reply = try reply(at: &cursor, depth: 0) else { return nil }
        start = cursor
        return reply
    }

    /// Deeper than any reply of ours.
    private static let depthMax = 32

    private func reply(at cursor: inout Int, depth: Int) throws(Malformed) -> Reply? {
        guard depth <= ReplyDecoder.depthMax else { throw malformed("nested too deep", cursor) }
        let lineStart = cursor
        guard let line = takeLine(&cursor) else { return nil }
        guard let kind = line.first else { throw malformed("an empty line", lineStart) }
        let rest = line.dropFirst()
        switch kind {
        case UInt8(ascii: "+"): return .simple(String(decoding: rest, as: UTF8.self))
        case UInt8(ascii: "-"): return .error(String(decoding: rest, as: UTF8.self))
        case UInt8(ascii: ":"): return .integer(try integer(rest, lineStart))
        case UInt8(ascii: "_"): return .null
        case UInt8(ascii: ","):
            guard let value = Double(String(decoding: rest, as: UTF8.self)) else {
                throw malformed("a double \(quoted(rest))", lineStart)
            }
            return .double(value)
        case UInt8(ascii: "$"):
            return try bulk(Int(try integer(rest, lineStart)), at: &cursor)
        case UInt8(ascii: "*"):
            let count = Int(try integer(rest, lineStart))
            if count == -1 { return .null }
            guard let elements = try replies(count, at: &cursor, depth: depth) else { return nil }
            return .array(elements)
        case UInt8(ascii: "%"):
            let count = Int(try integer(rest, lineStart))
            guard count >= 0, count < Int.max / 2 else {
                throw malformed("a map of \(count) entries", lineStart)
            }
            guard let flat = try replies(count * 2, at: &cursor, depth: depth) else { return nil }
            return .map((0..<count).map { (flat[$0 * 2], flat[$0 * 2 + 1]) })
        default:
            throw malformed("a reply that begins with \(quoted([kind]))", lineStart)
        }
    }

    private func replies(
        _ count: Int, at cursor: inout Int, depth: Int
    ) throws(Malformed) -> [Reply]? {
        guard count >= 0 else { throw malformed("an array of \(count) elements", cursor) }
        var elements: [Reply] = []
        for _ in 0..<count {
            guard let element = try reply(at: &cursor, depth: depth + 1) else { return nil }
            elements.append(element)
        }
        return elements
    }

    private func bulk(_ length: Int, at cursor: inout Int) throws(Malformed) -> Reply? {
        if length == -1 { return .null }
        guard length >= 0, length < Int.max / 2 else {
            throw malformed("a bulk string of \(length) bytes", cursor)
        }
        guard bytes.count - cursor >= length + 2 else { return nil }
        let end = cursor + length
        guard bytes[end] == 13, bytes[end + 1] == 10 else {
            throw malformed("a bulk string without its line end", end)
        }
        let value = Array(bytes[cursor..<end])
        cursor = end + 2
        return .bulk(value)
    }

    private func takeLine(_ cursor: inout Int) -> ArraySlice<UInt8>? {
        guard let end = bytes[cursor...].firstIndex(of: 13), end + 1 < bytes.count else {
            return nil
        }
        defer { cursor = end + 2 }
        return bytes[cursor..<end]
    }

    private func integer(_ text: ArraySlice<UInt8>, _ place: Int) throws(Malformed) -> Int64 {
        guard let value = Int64(String(decoding: text, as: UTF8.self)) else {
            throw malformed("a number \(quoted(text))", place)
        }
        return value
    }

    private func malformed(_ reason: String, _ place: Int) -> Malformed {
        Malformed(reason: reason, offset: place - start)
    }
}
