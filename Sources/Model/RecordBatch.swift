/// Records in a row, not yet in the log: what feeds hand to the engine. Grows, is never edited.
package struct RecordBatch: Sendable {
    /// The records' bytes, back to back, in the form that `Record` describes.
    @usableFromInline package private(set) var bytes: [UInt8] = []
    /// The number of records.
    @usableFromInline package private(set) var count = 0

    package init() {}

    /// - Parameter capacity: so many bytes have room from the start: grown by itself, a batch holds
    ///   up to twice the memory that it needs, for as long as it waits.
    package init(capacity: Int) { bytes.reserveCapacity(capacity) }

    package var isEmpty: Bool { count == 0 }

    /// Forgets the records and keeps the memory.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        count = 0
    }

    /// Appends a record.
    /// - Parameters:
    ///   - names: the topic first and once (in messages), then the others, distinct per dimension,
    ///     within `Limits.nameBytesMax` and `Limits.namesPerMessageMax`.
    ///   - payload: at most `Limits.payloadBytesMax` bytes, kept as they are.
    package mutating func append(
        kind: UInt8 = Record.Kind.message, flags: UInt8 = 0, timestamp: Timestamp, id: MessageID,
        names: [(dimension: Dimension, text: [UInt8])], payload: UnsafeRawBufferPointer
    ) {
        precondition(names.count <= Limits.namesPerMessageMax, "too many names in one record")
        precondition(payload.count <= Limits.payloadBytesMax, "payload past its limit")
        let entriesEnd = Record.headerBytes + names.count * Record.nameEntryBytes
        let payloadOffset = entriesEnd + names.reduce(0) { $0 + $1.text.count }
        bytes.append(integer: UInt32(payloadOffset + payload.count))
        bytes.append(kind)
        bytes.append(flags)
        bytes.append(integer: id.form)
        bytes.append(integer: timestamp.microseconds)
        bytes.append(integer: id.high)
        bytes.append(integer: id.low)
        bytes.append(integer: UInt32(payloadOffset))
        bytes.append(integer: UInt16(names.count))
        bytes.append(integer: UInt16(0))
        var textOffset = entriesEnd
        for name in names {
            bytes.append(name.dimension.code)
            bytes.append(0)
            bytes.append(integer: UInt16(name.text.count))
            bytes.append(integer: UInt32(textOffset))
            textOffset += name.text.count
        }
        for name in names { bytes.append(contentsOf: name.text) }
        unsafe bytes.append(contentsOf: payload)
        count += 1
    }

    /// Appends a record that is no message: what it says is all in its payload.
    package mutating func append(control kind: UInt8, at time: Timestamp, payload: [UInt8]) {
        unsafe payload.withUnsafeBytes {
            unsafe append(
                kind: kind, timestamp: time, id: MessageID(form: 0, high: 0, low: 0), names: [],
                payload: $0)
        }
    }

    /// Appends a record whose bytes before the payload are made already as `Record` says.
    /// Faster than the append of values: two copies and no arrays of names.
    package mutating func append(head: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer) {
        precondition(
            unsafe Int(head.integer(at: 0, as: UInt32.self)) == head.count + payload.count,
            "a record's length is that of its parts")
        unsafe bytes.append(contentsOf: head)
        unsafe bytes.append(contentsOf: payload)
        count += 1
    }

    /// Appends one record read elsewhere, as it is.
    package mutating func append(_ record: RecordView) {
        unsafe bytes.append(contentsOf: record.bytes)
        count += 1
    }

    /// Calls `body` with each record in order, and its place in the batch.
    @inlinable
    package func forEach(_ body: (Int, RecordView) -> Void) {
        unsafe bytes.withUnsafeBytes { whole in
            var offset = 0
            var place = 0
            while offset < whole.count {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: whole[offset...])
                guard let record = unsafe RecordView(checking: rest) else {
                    preconditionFailure("a batch holds only whole records")
                }
                unsafe body(place, record)
                offset += unsafe record.bytes.count
                place += 1
            }
        }
    }
}
