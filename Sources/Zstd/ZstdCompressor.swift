import CZstd

/// Compresses small pieces of alike text, each by itself, with one dictionary for all.
///
/// The frames are zstd's, with the content's size, and without a checksum, a dictionary's id or
/// the four bytes of magic in front, which are the same in each: RFC 8878.
@safe
package final class ZstdCompressor {
    private let context: OpaquePointer
    private let dictionary: OpaquePointer?
    private var room: UnsafeMutableRawBufferPointer

    /// - Parameters:
    ///   - level: zstd's, 1 to 19.
    ///   - dictionary: from `ZstdDictionary.train`; empty: none.
    package init(level: Int, dictionary: [UInt8]) {
        guard let context = unsafe ZSTD_createCCtx() else {
            preconditionFailure("no memory for a compressor")
        }
        unsafe self.context = context
        unsafe room = .allocate(byteCount: 64 << 10, alignment: 16)
        unsafe self.dictionary =
            dictionary.isEmpty
            ? nil : ZSTD_createCDict(dictionary, dictionary.count, CInt(level))
        for (parameter, value) in [
            (ZSTD_c_compressionLevel, CInt(level)), (ZSTD_c_contentSizeFlag, 1),
            (ZSTD_c_checksumFlag, 0), (ZSTD_c_dictIDFlag, 0),
        ] {
            let result = unsafe ZSTD_CCtx_setParameter(context, parameter, value)
            precondition(ZSTD_isError(result) == 0, "a parameter that zstd does not know")
        }
        if let own = unsafe self.dictionary {
            let result = unsafe ZSTD_CCtx_refCDict(context, own)
            precondition(ZSTD_isError(result) == 0, "a dictionary that zstd made")
        }
    }

    deinit {
        unsafe ZSTD_freeCCtx(context)
        unsafe ZSTD_freeCDict(dictionary)
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
