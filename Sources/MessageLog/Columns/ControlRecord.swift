import Model

/// A record that is no message, kept whole in the columns: payloads may be dropped, and what a
/// horizon, a gap or a rule says must not go with them.
package struct ControlRecord: Hashable, Sendable {
    /// In its segment.
    package var row: UInt32
    /// One of `Record.Kind`.
    package var kind: UInt8
    /// When it was written.
    package var time: Timestamp
    package var payload: [UInt8]

    private static let headerBytes = 24

    /// The section that has these records.
    static func append(_ records: [ControlRecord], to bytes: inout [UInt8]) {
        for record in records {
            bytes.append(integer: record.row)
            bytes.append(record.kind)
            bytes.append(contentsOf: [0, 0, 0])
            bytes.append(integer: record.time.microseconds)
            bytes.append(integer: UInt32(record.payload.count))
            bytes.append(integer: UInt32(0))
            bytes.append(contentsOf: record.payload)
        }
    }

    /// The records of a section; nil where it does not end with one, or rows do not ascend.
    static func list(_ section: UnsafeRawBufferPointer, rows: Int) -> [ControlRecord]? {
        var records: [ControlRecord] = []
        var offset = 0
        while offset < section.count {
            guard section.count - offset >= headerBytes else { return nil }
            let row = unsafe section.integer(at: offset, as: UInt32.self)
            let length = unsafe Int(section.integer(at: offset + 16, as: UInt32.self))
            let start = offset + headerBytes
            guard row < rows, records.last.map({ $0.row < row }) ?? true,
                length <= section.count - start
            else { return nil }
            records.append(
                unsafe ControlRecord(
                    row: row, kind: section[offset + 4],
                    time: Timestamp(microseconds: section.integer(at: offset + 8)),
                    payload: Array(section[start..<start + length])))
            offset = start + length
        }
        return records
    }
}
