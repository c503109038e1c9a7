import Model

/// The entry that says what is stored of a rule: of which log and definition, and how far.
struct RuleMeta: Equatable {
    /// Of keys and values. Another number: compute again.
    static let formatVersion: UInt32 = 1

    /// The keys of the entries that are no rows.
    enum Key {
        static let meta: [UInt8] = [0x01]
        static let group: UInt8 = 0x02
        /// Behind every group.
        static let groupsEnd: [UInt8] = [0x03]
        /// What rows of the finest width begin with; coarser ones have the next numbers.
        static let rows: UInt8 = 0x10

        static func group(_ number: UInt32) -> [UInt8] {
            [group] + (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
        }
    }

    /// Of the log's id, the rule's number and its definition: 16 bytes.
    var identity: [UInt8]
    /// The rows are those of the records up to this one.
    var watermark: UInt64 = 0
    var groupCount: UInt32 = 0
    var losses = RuleLosses()

    init(identity: [UInt8]) { self.identity = identity }

    private static let bytesCount = 4 + 16 + 8 + 4 + 24 + 4

    /// Nil where the bytes are none.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.bytesCount,
            unsafe bytes.integer(at: 0, as: UInt32.self) == Self.formatVersion,
            unsafe Checksum.crc32c(UnsafeRawBufferPointer(rebasing: bytes.dropLast(4)))
                == bytes.integer(at: bytes.count - 4)
        else { return nil }
        identity = unsafe Array(bytes[4..<20])
        watermark = unsafe bytes.integer(at: 20)
        groupCount = unsafe bytes.integer(at: 28)
        losses.messages = unsafe bytes.integer(at: 32)
        losses.latest = unsafe bytes.integer(at: 40)
        losses.others = unsafe bytes.integer(at: 48)
    }

    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(integer: Self.formatVersion)
        bytes.append(contentsOf: identity)
        bytes.append(integer: watermark)
        bytes.append(integer: groupCount)
        bytes.append(integer: losses.messages)
        bytes.append(integer: losses.latest)
        bytes.append(integer: losses.others)
        bytes.append(integer: Checksum.crc32c(bytes))
        return bytes
    }
}
