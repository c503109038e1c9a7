/// Immutable bytes that stay valid as long as this object lives: a mapped file, or its copy.
@safe
package final class MappedBytes: @unchecked Sendable {
    package let bytes: UnsafeRawBufferPointer
    private let release: @Sendable (UnsafeRawBufferPointer) -> Void

    /// - Parameter release: called once with `bytes`, when nobody refers to this object any more.
    package init(
        _ bytes: UnsafeRawBufferPointer, release: @escaping @Sendable (UnsafeRawBufferPointer) -> Void
    ) {
        unsafe self.bytes = bytes
        unsafe self.release = release
    }

    deinit { unsafe release(bytes) }
}
