import Glibc
import Synchronization

/// An open file of the real file system.
///
/// Reads and writes name their offsets, so threads need no order between them; `close` while
/// another thread uses the file is a mistake of the caller.
package final class PosixFile: DiskFile {
    package let path: String
    /// -1 once closed.
    private let openDescriptor: Atomic<Int32>
    let directWrites = DirectWrites()

    init(path: String, descriptor: Int32) {
        self.path = path
        openDescriptor = Atomic(descriptor)
    }

    deinit { close() }

    package func close() {
        let descriptor = openDescriptor.exchange(-1, ordering: .relaxed)
        // What close may report concerns writes that `synchronize` has already answered for.
        if descriptor >= 0 { Glibc.close(descriptor) }
        directWrites.end()
    }

    private var descriptor: Int32 {
        let descriptor = openDescriptor.load(ordering: .relaxed)
        precondition(descriptor >= 0, "\(path) is used after it was closed")
        return descriptor
    }

    package func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(DiskError) -> Int {
        let descriptor = descriptor
        var done = 0
        while done < buffer.count {
            let count = try PosixCall.retrying(.read, path) {
                unsafe pread(
                    descriptor, buffer.baseAddress! + done, buffer.count - done, offset + done)
            }
            if count == 0 { break }
            done += count
        }
        return done
    }

    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskError) {
        let descriptor = descriptor
        var done = 0
        if unsafe DirectWrites.suits(bytes, at: offset) {
            done = try unsafe directWrites.write(bytes, at: offset, of: descriptor, path)
        }
        while done < bytes.count {
            done += try PosixCall.retrying(.write, path) {
                unsafe pwrite(
                    descriptor, bytes.baseAddress! + done, bytes.count - done, offset + done)
            }
        }
    }

    package func synchronize() throws(DiskError) {
        // EINTR is not retried: whether the flush began is unknown, as after any other failure.
        guard fdatasync(descriptor) == 0 else { throw DiskError(.synchronize, path, errno) }
    }

    package func startFlush(of range: Range<Int>) {
        // Linux begins to write what is dirty there, and lets go of what is clean. It may refuse.
        _ = posix_fadvise(descriptor, range.lowerBound, range.count, POSIX_FADV_DONTNEED)
    }

    package func size() throws(DiskError) -> Int { try status(.size).size }

    package func truncate(to size: Int) throws(DiskError) {
        let descriptor = descriptor
        _ = try PosixCall.retrying(.truncate, path) { ftruncate(descriptor, size) }
    }

    package func allocate(to size: Int) throws(DiskError) {
        guard size > 0 else { return }
        let descriptor = descriptor
        // Where the file system cannot reserve, the C library writes zeros instead.
        var code: Int32
        repeat { code = posix_fallocate(descriptor, 0, size) } while code == EINTR
        guard code == 0 else { throw DiskError(.allocate, path, code) }
    }

    package func map() throws(DiskError) -> MappedBytes {
        let size = try status(.map).size
        guard size > 0 else {
            return unsafe MappedBytes(UnsafeRawBufferPointer(start: nil, count: 0)) { _ in }
        }
        let address = unsafe mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else {
            throw DiskError(.map, path, errno)
        }
        return unsafe MappedBytes(UnsafeRawBufferPointer(start: address, count: size)) { bytes in
            unsafe munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
        }
    }

    func status(_ operation: DiskError.Operation) throws(DiskError) -> FileStatus {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw DiskError(operation, path, errno)
        }
        return FileStatus(status)
    }
}
