import Model

/// Cuts a stream of bytes into requests: RESP arrays of bulk strings, and inline commands.
///
/// Bytes are consumed as they arrive, however they are fragmented; nothing is read twice. A
/// request's words are in `words` when `read` has returned true, and until it is called again.
package struct RequestDecoder: Sendable {
    /// What the next byte belongs to.
    private enum State: Equatable {
        /// The first byte of a request.
        case start
        /// The line `*<count>`.
        case count
        /// The line `$<length>`; so many words are still to come, this one among them.
        case length(words: Int)
        /// A word's bytes; so many are still to come.
        case word(words: Int, bytes: Int)
        /// The line end behind a word.
        case wordEnd(words: Int)
        /// An inline command's line.
        case inline
    }

    package private(set) var words = Words()
    /// Why the line that was read is no request, if it is none; `words` is empty then.
    package private(set) var refusal: RequestError?
    private var state = State.start
    /// The part of a line that has arrived.
    private var line: [UInt8] = []
    private var isComplete = false

    /// The longest line of `*<count>` or `$<length>`.
    private static let headerBytesMax = 32

    package init() {}

    /// Whether a request has begun to arrive and is not whole.
    package var isAmidRequest: Bool { state != .start }

    /// The bytes of the request that has begun to arrive; 0 where none has.
    package var unfinishedBytes: Int {
        isAmidRequest ? words.byteCount + words.count * 8 + line.count : 0
    }

    /// Reads on until one request is whole.
    /// - Parameters:
    ///   - bytes: what has arrived.
    ///   - offset: where to read on in it; moved behind what was consumed.
    /// - Returns: whether `words` now holds a request, or `refusal` says why not; otherwise all
    ///   bytes are consumed.
    package mutating func read(
        _ bytes: UnsafeRawBufferPointer, from offset: inout Int
    ) throws(ProtocolError) -> Bool {
        if isComplete {
            isComplete = false
            refusal = nil
            words.removeAll()
        }
        while offset < bytes.count {
            switch state {
            case .start:
                let first = unsafe bytes[offset]
                if first == UInt8(ascii: "*") {
                    offset += 1
                    state = .count
                } else {
                    state = .inline
                }
            case .count:
                guard unsafe try takeLine(bytes, &offset, Self.headerBytesMax) else { break }
                try beginArray()
            case .length(let left):
                guard unsafe try takeLine(bytes, &offset, Self.headerBytesMax) else { break }
                try beginWord(left)
            case .word(let left, let missing):
                let taken = min(missing, bytes.count - offset)
                unsafe words.extend(
                    with: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + taken]))
                offset += taken
                state =
                    taken == missing
                    ? .wordEnd(words: left) : .word(words: left, bytes: missing - taken)
            case .wordEnd(let left):
                guard unsafe try takeLine(bytes, &offset, 2) else { break }
                guard line.isEmpty else {
                    throw ProtocolError("a bulk string is longer than its length says")
                }
                words.closeWord()
                state = left == 1 ? .start : .length(words: left - 1)
            case .inline:
                guard unsafe try takeLine(bytes, &offset, Limits.requestBytesMax) else { break }
                do {
                    try InlineCommand.split(line, into: &words)
                } catch {
                    words.removeAll()
                    refusal = error
                }
                line.removeAll(keepingCapacity: line.capacity <= Limits.inlineBytesMax)
                state = .start
            }
            if state == .start, words.count > 0 || refusal != nil {
                isComplete = true
                return true
            }
        }
        return false
    }

    /// `*<count>`: an empty or null array is no request, and is passed over as Redis does.
    private mutating func beginArray() throws(ProtocolError) {
        guard let count = headerNumber, count <= Limits.requestWordsMax else {
            throw ProtocolError(
                "a request of \(quoted(line)) words; accepted: at most \(Limits.requestWordsMax)")
        }
        line.removeAll(keepingCapacity: true)
        state = count > 0 ? .length(words: count) : .start
    }

    private mutating func beginWord(_ left: Int) throws(ProtocolError) {
        guard line.first == UInt8(ascii: "$") else {
            throw ProtocolError(
                "a word begins with \(quoted(line.prefix(1))); accepted: $ and its length")
        }
        line.removeFirst()
        guard let length = headerNumber, length >= 0, length <= Limits.requestWordBytesMax else {
            throw ProtocolError(
                "a word of \(quoted(line)) bytes; accepted: at most \(Limits.requestWordBytesMax)")
        }
        guard words.byteCount + length <= Limits.requestBytesMax else {
            throw ProtocolError("a request of more than \(Limits.requestBytesMax) bytes")
        }
        line.removeAll(keepingCapacity: true)
        state = length > 0 ? .word(words: left, bytes: length) : .wordEnd(words: left)
    }

    private var headerNumber: Int? {
        let digits = line.first == UInt8(ascii: "-") ? line.dropFirst() : line[...]
        guard let value = TimeText.number(digits), value < Int64(Int32.max) else { return nil }
        return line.first == UInt8(ascii: "-") ? -Int(value) : Int(value)
    }

    /// Moves bytes to `line` up to a line feed, which is dropped with a carriage return before it.
    /// - Returns: whether the line is whole.
    private mutating func takeLine(
        _ bytes: UnsafeRawBufferPointer, _ offset: inout Int, _ most: Int
    ) throws(ProtocolError) -> Bool {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset...])
        let end = unsafe rest.firstIndex(of: 10)
        let taken = end ?? rest.count
        guard line.count + taken <= most else {
            throw ProtocolError("a line of more than \(most) bytes")
        }
        unsafe line.append(contentsOf: rest[..<taken])
        offset += taken
        guard end != nil else { return false }
        offset += 1
        if line.last == 13 { line.removeLast() }
        return true
    }
}
