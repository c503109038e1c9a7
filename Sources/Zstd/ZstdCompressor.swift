import CZstd

/// Compresses small pieces of alike text, each by itself, with one dictionary for all.
///
/// The frames are zstd's, with the content's size, and without a checksum, a dictionary's id or
/// the four bytes of magic in front, which are the same in each: RFC 8878.
@safe
package final class ZstdCompressor {
    private let context: OpaquePointer
    private var room: UnsafeMutableRawBufferPointer

    /// What a compressor is to spend.
    package struct Effort: Sendable {
        /// zstd's, 1 to 19.
        package var level: Int
        /// The shortest repetition that is looked for, in bytes; nil: as the level has it.
        package var matchBytesMin: Int?

        package init(level: Int, matchBytesMin: Int? = nil) {
            self.level = level
            self.matchBytesMin = matchBytesMin
        }
    }

    /// - Parameter dictionary: from `ZstdDictionary.train`; empty: none.
    package init(_ effort: Effort, dictionary: [UInt8]) {
        guard let context = unsafe ZSTD_createCCtx() else {
            preconditionFailure("no memory for a compressor")
        }
        unsafe self.context = context
        unsafe room = .allocate(byteCount: 64 << 10, alignment: 16)
        for (parameter, value) in [
            (ZSTD_c_compressionLevel, CInt(effort.level)), (ZSTD_c_contentSizeFlag, 1),
            (ZSTD_c_checksumFlag, 0), (ZSTD_c_dictIDFlag, 0),
            (ZSTD_c_minMatch, CInt(effort.matchBytesMin ?? 0)),
        ] {
            let result = unsafe ZSTD_CCtx_setParameter(context, parameter, value)
            precondition(ZSTD_isError(result) == 0, "a parameter that zstd does not know")
        }
        let result = unsafe ZSTD_CCtx_loadDictionary(context, dictionary, dictionary.count)
        precondition(ZSTD_isError(result) == 0, "a dictionary that zstd made")
    }

    deinit {
        unsafe ZSTD_freeCCtx(context)
        unsafe room.deallocate()
    }

    /// Appends the frame of `content`.
    package func append(_ content: UnsafeRawBufferPointer, to frames: inout [UInt8]) {
        let bound = ZSTD_compressBound(content.count)
        if unsafe bound > room.count {
            unsafe room.deallocate()
            unsafe room = .allocate(byteCount: bound, alignment: 16)
        }
        let size = unsafe ZSTD_compress2(
            context, room.baseAddress, room.count, content.baseAddress, content.count)
        precondition(ZSTD_isError(size) == 0, "zstd fails only for want of room or memory")
        unsafe frames.append(
            contentsOf: UnsafeRawBufferPointer(rebasing: room[ZstdFrame.magicBytes..<size]))
    }
}
