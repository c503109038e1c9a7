import Model

/// The id of a message that came without one: half a SHA-256 of its topic, its whole second (where
/// it has a time of its own) and its `msg` in canonical JSON. So a live copy and one that an
/// archive wrote anew (other key order, 1.0 for 1 in the timestamp, more keys beside `msg`) get the
/// same.
enum DerivedID {
    /// - Parameters:
    ///   - second: seconds since 1970, nil for a message without a timestamp.
    ///   - canonical: `msg` as Python's sorted, compact, ASCII-only `json.dumps` writes it.
    ///   - scratch: overwritten.
    static func of(
        topic: UnsafeRawBufferPointer, second: Int64?, canonical: UnsafeRawBufferPointer,
        scratch: inout [UInt8]
    ) -> MessageID {
        scratch.removeAll(keepingCapacity: true)
        unsafe scratch.append(contentsOf: topic)
        // Neither a zero byte nor a separator can be taken for part of the field before it: the
        // second is digits only, and a topic that has zero bytes is still followed by two more.
        scratch.append(0)
        if let second { scratch.append(contentsOf: String(second).utf8) }
        scratch.append(0)
        unsafe scratch.append(contentsOf: canonical)
        let half = unsafe scratch.withUnsafeBytes { unsafe Checksum.sha256Half($0) }
        return MessageID(form: MessageID.derivedForm, high: half.high, low: half.low)
    }
}
