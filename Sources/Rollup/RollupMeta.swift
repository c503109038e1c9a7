import Model

/// The entry that says what the stored rollups are of: format, log, watermark.
struct RollupMeta: Equatable {
    /// Of keys, rows and tallies. Another number: rebuild.
    static let formatVersion: UInt32 = 2
    static let logIDBytes = 16

    /// The keys of the entries that are no rows.
    enum Key {
        static let meta: [UInt8] = [0x01]
        static let name: UInt8 = 0x02
        /// Behind every name, ahead of every row.
        static let rows: [UInt8] = [0x10]

        /// Dimension and big-endian id behind the prefix.
        static func name(_ dimension: UInt8, _ id: UInt32) -> [UInt8] {
            [name, dimension] + (0..<4).map { UInt8(truncatingIfNeeded: id >> (24 - 8 * $0)) }
        }
    }

    var logID: [UInt8]
    /// The rows are those of the records up to this one.
    var watermark: UInt64 = 0
    /// The hours that counted messages fall into.
    var hours: Range<Int64> = 0..<0
    /// Rows per minute are kept from this moment on, the start of a day, in microseconds.
    var minutesFrom = Int64.min
    /// By dimension's code: how many names are stored.
    var nameCounts: [UInt32] = []

    init(logID: [UInt8]) { self.logID = logID }

    /// Nil where the bytes are none.
    init?(_ bytes: UnsafeRawBufferPointer) {
        let fixed = 4 + Self.logIDBytes + 32 + 4
        guard bytes.count >= fixed + 4,
            unsafe Checksum.crc32c(UnsafeRawBufferPointer(rebasing: bytes.dropLast(4)))
                == bytes.integer(at: bytes.count - 4)
        else { return nil }
        logID = unsafe Array(bytes[4..<4 + Self.logIDBytes])
        watermark = unsafe bytes.integer(at: 20)
        let low: Int64 = unsafe bytes.integer(at: 28)
        let high: Int64 = unsafe bytes.integer(at: 36)
        minutesFrom = unsafe bytes.integer(at: 44)
        let count = unsafe Int(bytes.integer(at: 52, as: UInt32.self))
        guard low <= high, count <= 256, bytes.count == fixed + 4 * count + 4 else { return nil }
        hours = low..<high
        for code in 0..<count { nameCounts.append(unsafe bytes.integer(at: fixed + 4 * code)) }
    }

    /// The format's version that the bytes begin with.
    static func version(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        bytes.count >= 4 ? unsafe bytes.integer(at: 0) : 0
    }

    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(integer: Self.formatVersion)
        bytes.append(contentsOf: logID)
        bytes.append(integer: watermark)
        bytes.append(integer: hours.lowerBound)
        bytes.append(integer: hours.upperBound)
        bytes.append(integer: minutesFrom)
        bytes.append(integer: UInt32(nameCounts.count))
        for count in nameCounts { bytes.append(integer: count) }
        bytes.append(integer: Checksum.crc32c(bytes))
        return bytes
    }
}
