import Disk
import Model

/// A file read front to back through one buffer, so that a journal never stands whole in memory.
@safe
final class FileWindow {
    /// The file's size when the window was opened; what is written later is not seen.
    let size: Int
    private let file: any DiskFile
    private var memory: UnsafeMutableRawBufferPointer
    private var start = 0
    private var filled = 0
    private static let readAheadBytes = 256 << 10

    init(_ file: any DiskFile) throws(DiskError) {
        self.file = file
        size = try file.size()
        unsafe memory = .allocate(byteCount: Self.readAheadBytes, alignment: 16)
    }

    deinit { unsafe memory.deallocate() }

    /// The bytes from `offset` on: `count`, or as many as the file has there. They are valid until
    /// the next call.
    func bytes(at offset: Int, count: Int) throws(DiskError) -> UnsafeRawBufferPointer {
        let wanted = max(0, min(count, size - offset))
        if offset < start || offset + wanted > start + filled {
            if unsafe wanted > memory.count {
                unsafe memory.deallocate()
                unsafe memory = .allocate(byteCount: wanted, alignment: 16)
            }
            let length = unsafe min(memory.count, max(0, size - offset))
            start = offset
            filled = 0
            filled = try unsafe file.read(
                into: UnsafeMutableRawBufferPointer(rebasing: memory[..<length]), at: offset)
        }
        let from = offset - start
        let available = max(0, min(wanted, filled - from))
        return unsafe UnsafeRawBufferPointer(rebasing: memory[from..<from + available])
    }
}
