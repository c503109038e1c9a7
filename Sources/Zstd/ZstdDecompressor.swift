import CZstd
import Synchronization

/// A frame's fixed beginning, which is not stored.
enum ZstdFrame {
    static let magicBytes = 4
}

/// Why bytes are no frame: zstd's own words.
package struct ZstdError: Error, Hashable, Sendable {
    package let reason: String

    init(_ reason: String) { self.reason = reason }

    init(code: Int) { unsafe reason = String(cString: ZSTD_getErrorName(code)) }
}

/// Decompresses the frames that `ZstdCompressor` makes. For any number of threads.
@safe
package final class ZstdDecompressor: @unchecked Sendable {
    private let dictionary: OpaquePointer?

    /// Contexts that are not in use: each is 100 KB, and one thread uses it at a time.
    private static let idle = Mutex<[Context]>([])
    private static let idleMax = 8

    /// - Parameter dictionary: the one that the frames were made with; empty: none.
    package init(dictionary: UnsafeRawBufferPointer) {
        unsafe self.dictionary =
            dictionary.isEmpty
            ? nil : ZSTD_createDDict(dictionary.baseAddress, dictionary.count)
    }

    deinit { unsafe ZSTD_freeDDict(dictionary) }

    /// Decompresses the frame at the beginning of `bytes`.
    /// - Parameters:
    ///   - content: replaced by the frame's content.
    ///   - sizeMax: a frame that says that it has more is refused.
    /// - Returns: how many of the bytes are the frame.
    package func decompress(
        _ bytes: UnsafeRawBufferPointer, into content: inout [UInt8], sizeMax: Int
    ) throws(ZstdError) -> Int {
        let context = Self.idle.withLock { $0.popLast() } ?? Context()
        defer {
            Self.idle.withLock { idle in if idle.count < Self.idleMax { idle.append(context) } }
        }
        return try unsafe context.decompress(
            bytes, dictionary, into: &content, sizeMax: sizeMax)
    }
}

/// A decompressor's memory, and room for a frame with its beginning put back.
@safe
private final class Context: @unchecked Sendable {
    private let context: OpaquePointer
    private var frame: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]

    init() {
        guard let context = unsafe ZSTD_createDCtx() else {
            preconditionFailure("no memory for a decompressor")
        }
        unsafe self.context = context
    }

    deinit { unsafe ZSTD_freeDCtx(context) }

    func decompress(
        _ bytes: UnsafeRawBufferPointer, _ dictionary: OpaquePointer?,
        into content: inout [UInt8], sizeMax: Int
    ) throws(ZstdError) -> Int {
        frame.removeLast(frame.count - ZstdFrame.magicBytes)
        unsafe frame.append(contentsOf: bytes)
        let frameSize = unsafe ZSTD_findFrameCompressedSize(frame, frame.count)
        if ZSTD_isError(frameSize) != 0 { throw ZstdError(code: frameSize) }
        let size = unsafe ZSTD_getFrameContentSize(frame, frameSize)
        guard size <= UInt64(sizeMax) else { throw ZstdError("a frame of \(size) bytes") }
        var result = 0
        unsafe content = [UInt8](unsafeUninitializedCapacity: Int(size)) { room, count in
            result = unsafe ZSTD_decompress_usingDDict(
                context, room.baseAddress, Int(size), frame, frameSize, dictionary)
            count = ZSTD_isError(result) == 0 ? result : 0
        }
        if ZSTD_isError(result) != 0 { throw ZstdError(code: result) }
        guard result == Int(size) else { throw ZstdError("a frame that ends early") }
        return frameSize - ZstdFrame.magicBytes
    }
}
