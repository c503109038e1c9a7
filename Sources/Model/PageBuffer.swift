/// Bytes in memory of their own that begins at a page, as writes past the page cache want it. Grows
/// at the back, and keeps its memory when it is emptied.
@safe
package final class PageBuffer {
    /// The memory's alignment in bytes: a page of every machine that Tallylog runs on.
    package static let alignment = 4_096

    package private(set) var count = 0
    private var memory: UnsafeMutableRawBufferPointer

    package init() { unsafe memory = Self.allocate(64 << 10) }

    deinit { unsafe memory.deallocate() }

    /// The bytes of memory that it takes.
    package var capacity: Int { unsafe memory.count }

    package func removeAll() { count = 0 }

    package func append(_ bytes: UnsafeRawBufferPointer) {
        let place = unsafe room(for: bytes.count)
        unsafe place.copyMemory(from: bytes)
    }

    package func append<T: FixedWidthInteger & BitwiseCopyable>(integer value: T) {
        let place = unsafe room(for: MemoryLayout<T>.size)
        unsafe place.storeBytes(of: value.littleEndian, as: T.self)
    }

    package func append(zeros: Int) {
        let place = unsafe room(for: zeros)
        unsafe place.initializeMemory(as: UInt8.self, repeating: 0)
    }

    /// Puts `bytes` in the place of the first ones.
    package func overwriteFront(with bytes: [UInt8]) {
        precondition(bytes.count <= count, "bytes are overwritten only where there are some")
        unsafe memory.copyBytes(from: bytes)
    }

    /// Calls `body` with the bytes so far.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeRawBufferPointer(rebasing: memory[..<count]))
    }

    /// Makes the buffer longer; returns what was added, to be written at once.
    @inline(__always)
    private func room(for added: Int) -> UnsafeMutableRawBufferPointer {
        if unsafe count + added > memory.count { grow(to: count + added) }
        let start = count
        count += added
        return unsafe UnsafeMutableRawBufferPointer(rebasing: memory[start..<count])
    }

    private func grow(to wanted: Int) {
        let larger = unsafe Self.allocate(max(wanted, memory.count * 2))
        unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<count]))
        unsafe memory.deallocate()
        unsafe memory = larger
    }

    private static func allocate(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
        .allocate(byteCount: byteCount, alignment: alignment)
    }
}
