/// Immutable bytes that stay valid as long as this object lives: a mapped file, or its copy.
@safe
package final class MappedBytes: @unchecked Sendable {
    /// Hold this object in a variable or a property while you use them: a temporary one is gone,
    /// and its bytes with it, as soon as this has been read.
    package let bytes: UnsafeRawBufferPointer
    private let release: @Sendable (UnsafeRawBufferPointer) -> Void

    /// - Parameter release: called once with `bytes`, when nobody refers to this object any more.
    package init(
        _ bytes: UnsafeRawBufferPointer,
        release: @escaping @Sendable (UnsafeRawBufferPointer) -> Void
    ) {
        unsafe self.bytes = bytes
        unsafe self.release = release
    }

    /// Calls `body` with the bytes, which stay valid throughout.
    @inlinable
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { extendLifetime(self) }
        return unsafe try body(bytes)
    }

    deinit { unsafe release(bytes) }
}
