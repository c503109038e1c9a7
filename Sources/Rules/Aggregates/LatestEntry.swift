import Model

/// Of the newest message, by time and then by place in the log, some texts.
package struct LatestEntry: Hashable, Sendable {
    package struct Message: Hashable, Sendable {
        /// Microseconds since 1970.
        package var time: Int64
        package var sequence: UInt64
        /// One for each declared field; nil where the message has none.
        package var texts: [[UInt8]?]
    }

    package private(set) var message: Message?

    init() {}

    init(_ message: Message) { self.message = message }

    package mutating func merge(_ other: LatestEntry) {
        guard let there = other.message else { return }
        if let message, (message.time, message.sequence) >= (there.time, there.sequence) { return }
        message = there
    }

    var memoryBytes: Int { message?.texts.reduce(0) { $0 + 48 + ($1?.count ?? 0) } ?? 0 }

    func encode(to bytes: inout [UInt8]) {
        guard let message else { return bytes.append(0) }
        bytes.append(1)
        bytes.append(packed: Int128(message.time))
        bytes.append(packed: message.sequence)
        for text in message.texts {
            // A length of 0 stands for no text; one that is there is never empty.
            bytes.append(packed: text ?? [])
        }
    }

    /// - Parameter fields: how many are declared.
    init(_ reader: inout PackedReader, fields: Int) throws(PackedDamage) {
        guard unsafe try reader.byte() == 1 else { return }
        guard let time = Int64(exactly: unsafe try reader.signed()) else { throw PackedDamage() }
        let sequence = unsafe try reader.number()
        var texts: [[UInt8]?] = []
        for _ in 0..<fields {
            let text = unsafe try reader.text(atMost: Limits.nameBytesMax)
            texts.append(text.isEmpty ? nil : text)
        }
        message = Message(time: time, sequence: sequence, texts: texts)
    }
}
