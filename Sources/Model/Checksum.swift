import CChecksum

/// Checksums and digests over raw bytes.
package enum Checksum {
    /// CRC-32C (Castagnoli) of `bytes`, continuing from `seed` (0 to begin).
    @inlinable
    package static func crc32c(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
        unsafe tallylog_crc32c(seed, bytes.baseAddress, bytes.count)
    }

    /// CRC-32C of `bytes`.
    package static func crc32c(_ bytes: [UInt8], seed: UInt32 = 0) -> UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe crc32c($0, seed: seed) }
    }

    /// The first 16 bytes of the SHA-256 of `bytes`, as two big-endian words.
    package static func sha256Half(_ bytes: UnsafeRawBufferPointer) -> (high: UInt64, low: UInt64) {
        var digest: [UInt8] = Array(repeating: 0, count: 32)
        unsafe digest.withUnsafeMutableBufferPointer { out in
            unsafe tallylog_sha256(bytes.baseAddress, bytes.count, out.baseAddress)
        }
        let word = { (from: Int) in
            (from..<from + 8).reduce(UInt64(0)) { $0 << 8 | UInt64(digest[$1]) }
        }
        return (word(0), word(8))
    }
}
