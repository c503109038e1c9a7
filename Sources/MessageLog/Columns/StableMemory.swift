/// A block of memory that never moves and is freed with its last reference.
///
/// One writer fills it front to back; readers touch only what the writer had filled when it gave
/// them their view, so the two never meet at one address.
@safe
final class StableMemory: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int

    /// - Parameter byteCount: at least 1; the bytes are zero.
    init(byteCount: Int) {
        precondition(byteCount > 0, "memory of no bytes")
        unsafe base = .allocate(byteCount: byteCount, alignment: 16)
        unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        self.byteCount = byteCount
    }

    deinit { unsafe base.deallocate() }

    /// A larger copy: the first `used` bytes are these, the rest is zero.
    func grown(to byteCount: Int, used: Int) -> StableMemory {
        precondition(used <= self.byteCount && used <= byteCount, "memory cannot shrink")
        let larger = StableMemory(byteCount: byteCount)
        unsafe larger.base.copyMemory(from: base, byteCount: used)
        return larger
    }
}
