/// One record of the log, as bytes: the form in which a message travels from parser to disk.
///
/// Little-endian; offsets count from the record's first byte:
///
///     0   u32  length of the whole record
///     4   u8   kind (see `Record.Kind`)
///     5   u8   flags (see `Record.Flags`)
///     6   u16  form of the id
///     8   i64  timestamp, microseconds
///     16  u64  id, high half       24  u64  id, low half
///     32  u32  offset of the payload (the payload runs to the record's end)
///     36  u16  number of names     38  u16  zero
///     40  names, 8 bytes each: u8 dimension, u8 zero, u16 length, u32 offset of the name's bytes
///     ..  bytes of those names that do not stand in the payload as they are
///     ..  payload
///
/// The names of one dimension are distinct. The topic comes first, and exactly once in a message.
/// A record has no sequence of its own: it is the batch's first sequence plus its place there.
package enum Record {
    package static let headerBytes = 40
    package static let nameEntryBytes = 8

    /// What a record is. Unknown kinds are skipped, unless flagged critical.
    package enum Kind {
        /// A message of the bus.
        package static let message: UInt8 = 1
        /// Sequences that were lost to damage, and why; made by `repair`.
        package static let gap: UInt8 = 2
        /// From when on payloads, or minute rollups, are kept.
        package static let horizon: UInt8 = 3
        /// A rule was created or dropped.
        package static let rule: UInt8 = 4
        /// How far a feed has come, or what it missed.
        package static let feed: UInt8 = 5
    }

    package enum Flags {
        /// A reader that does not know the kind must refuse the log.
        package static let critical: UInt8 = 1
        /// The message had no timestamp; the arrival's stands in for it.
        package static let arrivalTime: UInt8 = 2
    }
}

/// A name of a message in its record: where its bytes are.
package struct RecordName: Sendable {
    package var dimension: Dimension
    /// From the record's first byte.
    package var offset: Int
    package var length: Int
}

/// A record read in place. Valid only as long as the bytes it was made from.
@unsafe
package struct RecordView {
    package let bytes: UnsafeRawBufferPointer

    /// Takes the record at the start of `bytes`; nil where lengths or offsets do not fit.
    /// Checks the structure, not the meaning: kinds and flags are the caller's to judge.
    @inlinable
    package init?(checking whole: UnsafeRawBufferPointer) {
        guard whole.count >= Record.headerBytes else { return nil }
        let length = unsafe Int(whole.integer(at: 0, as: UInt32.self))
        guard length >= Record.headerBytes, length <= whole.count else { return nil }
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: whole[..<length])
        let payload = unsafe Int(bytes.integer(at: 32, as: UInt32.self))
        let names = unsafe Int(bytes.integer(at: 36, as: UInt16.self))
        let namesEnd = Record.headerBytes + names * Record.nameEntryBytes
        guard namesEnd <= payload, payload <= length else { return nil }
        for index in 0..<names {
            let entry = Record.headerBytes + index * Record.nameEntryBytes
            let nameLength = unsafe Int(bytes.integer(at: entry + 2, as: UInt16.self))
            let offset = unsafe Int(bytes.integer(at: entry + 4, as: UInt32.self))
            guard offset >= namesEnd, offset + nameLength <= length else { return nil }
        }
        unsafe self.bytes = unsafe bytes
    }

    @inlinable package var kind: UInt8 { unsafe bytes[4] }
    @inlinable package var flags: UInt8 { unsafe bytes[5] }

    @inlinable package var timestamp: Timestamp {
        unsafe Timestamp(microseconds: bytes.integer(at: 8))
    }

    @inlinable package var id: MessageID {
        unsafe MessageID(
            form: bytes.integer(at: 6), high: bytes.integer(at: 16), low: bytes.integer(at: 24))
    }

    @inlinable package var payload: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(
            rebasing: bytes[Int(bytes.integer(at: 32, as: UInt32.self))...])
    }

    @inlinable package var nameCount: Int { unsafe Int(bytes.integer(at: 36, as: UInt16.self)) }

    @inlinable
    package func name(at index: Int) -> RecordName {
        let entry = Record.headerBytes + index * Record.nameEntryBytes
        return unsafe RecordName(
            dimension: Dimension(code: bytes[entry]),
            offset: Int(bytes.integer(at: entry + 4, as: UInt32.self)),
            length: Int(bytes.integer(at: entry + 2, as: UInt16.self)))
    }

    /// The bytes of a name.
    @inlinable
    package func text(of name: RecordName) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: bytes[name.offset..<name.offset + name.length])
    }
}
