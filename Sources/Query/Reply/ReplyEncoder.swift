/// Writes replies as RESP, one behind the other, into one buffer.
package struct ReplyEncoder: Sendable {
    /// The versions of the protocol.
    package enum Version: Int, Sendable {
        case resp2 = 2
        case resp3 = 3
    }

    package var version: Version
    /// What has been written and not yet taken.
    package private(set) var bytes: [UInt8] = []

    package init(_ version: Version = .resp2) { self.version = version }

    /// Forgets what was written. Keeps the memory, unless a large reply has made it large.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: bytes.capacity <= ReplyEncoder.keptBytesMax)
    }

    /// Takes back what was written from `count` on.
    package mutating func truncate(to count: Int) { bytes.removeLast(bytes.count - count) }

    /// Appends bytes that are replies already.
    package mutating func append(encoded: [UInt8]) { bytes.append(contentsOf: encoded) }

    package mutating func append(_ reply: Reply) {
        switch reply {
        case .integer(let value): line(":", value)
        case .double(let value): double(value)
        case .bulk(let value): bulk(value[...])
        case .simple(let text): line("+", text)
        case .null: bytes.append(contentsOf: version == .resp3 ? "_\r\n".utf8 : "$-1\r\n".utf8)
        case .error(let text): line("-", text)
        case .array(let elements):
            line("*", Int64(elements.count))
            for element in elements { append(element) }
        case .map(let entries):
            if version == .resp3 {
                line("%", Int64(entries.count))
            } else {
                line("*", Int64(entries.count) * 2)
            }
            for entry in entries {
                append(entry.0)
                append(entry.1)
            }
        case .pairs(let pairs): append(pairs)
        case .ranking(let ranking):
            line("*", Int64(ranking.count))
            for row in ranking {
                bytes.append(contentsOf: "*2\r\n".utf8)
                bulk(row.name[...])
                line(":", row.count)
            }
        case .messages(let messages): append(messages)
        }
    }

    private mutating func append(_ messages: MessageRows) {
        line("*", Int64(messages.rows.count))
        bytes.reserveCapacity(bytes.count + messages.bytes.count + messages.rows.count * 80)
        for row in messages.rows {
            line("*", row.time == nil ? 2 : 3)
            line(":", Int64(row.sequence))
            if let time = row.time { bulk(time.decimalText[...]) }
            if let envelope = messages.envelope(row) { bulk(envelope) } else { append(.null) }
        }
    }

    private mutating func append(_ pairs: [(Int64, Int64)]) {
        line("*", Int64(pairs.count))
        bytes.reserveCapacity(bytes.count + pairs.count * 28)
        for pair in pairs {
            var scratch = LineScratch()
            scratch.prepend(line: ":", pair.1)
            scratch.prepend(line: ":", pair.0)
            scratch.prepend(line: "*", 2)
            scratch.move(to: &bytes)
        }
    }

    private mutating func bulk(_ value: ArraySlice<UInt8>) {
        line("$", Int64(value.count))
        bytes.append(contentsOf: value)
        endLine()
    }

    private mutating func double(_ value: Double) {
        let text =
            if value.isNaN { "nan" } else if value.isInfinite {
                value < 0 ? "-inf" : "inf"
            } else { "\(value)" }
        if version == .resp3 { line(",", text) } else { bulk(Array(text.utf8)[...]) }
    }

    /// Whatever the text holds, it stays one line.
    private mutating func line(_ kind: Unicode.Scalar, _ text: String) {
        bytes.append(UInt8(ascii: kind))
        for byte in text.utf8 { bytes.append(byte == 13 || byte == 10 ? 32 : byte) }
        endLine()
    }

    private mutating func line(_ kind: Unicode.Scalar, _ value: Int64) {
        var scratch = LineScratch()
        scratch.prepend(line: kind, value)
        scratch.move(to: &bytes)
    }

    private mutating func endLine() {
        bytes.append(13)
        bytes.append(10)
    }

    private static let keptBytesMax = 64 << 10
}

/// A few lines with numbers, built on the stack from the last byte to the first, the order in which
/// digits come out.
private struct LineScratch {
    private var room = InlineArray<64, UInt8>(repeating: 0)
    private var start = 64

    mutating func prepend(line kind: Unicode.Scalar, _ value: Int64) {
        prepend(10)
        prepend(13)
        var rest = value.magnitude
        while rest >= 100 {
            let (quotient, two) = rest.quotientAndRemainder(dividingBy: 100)
            prepend(UInt8(truncatingIfNeeded: 48 &+ two % 10))
            prepend(UInt8(truncatingIfNeeded: 48 &+ two / 10))
            rest = quotient
        }
        prepend(UInt8(truncatingIfNeeded: 48 &+ rest % 10))
        if rest >= 10 { prepend(UInt8(truncatingIfNeeded: 48 &+ rest / 10)) }
        if value < 0 { prepend(UInt8(ascii: "-")) }
        prepend(UInt8(ascii: kind))
    }

    func move(to bytes: inout [UInt8]) {
        unsafe room.span.withUnsafeBufferPointer { whole in
            unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: whole[start...]))
        }
    }

    private mutating func prepend(_ byte: UInt8) {
        start &-= 1
        room[start] = byte
    }
}
