import CZstd

/// What many small pieces have in common, so that each need not say it again.
package enum ZstdDictionary {
    /// Makes a dictionary from samples: some hundred times its size of them is enough.
    /// - Parameters:
    ///   - samples: back to back.
    ///   - sizes: of each sample, in bytes.
    ///   - byteCount: the most that the dictionary may have.
    /// - Returns: empty where the samples are too few, or have nothing in common.
    package static func train(_ samples: [UInt8], sizes: [Int], byteCount: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { room, count in
            let size = unsafe ZDICT_trainFromBuffer(
                room.baseAddress, byteCount, samples, sizes, UInt32(sizes.count))
            count = ZDICT_isError(size) == 0 ? size : 0
        }
    }
}
