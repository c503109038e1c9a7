import Glibc
import Model
import Synchronization

/// Large writes that go past the page cache (O_DIRECT), through a descriptor of their own.
///
/// What an import appends is synchronized at once and seldom read soon: copying it into the page
/// cache first costs more CPU than all other work on the log. Small writes, those of a live bus,
/// stay in the cache, where the readers of its newest messages find them.
final class DirectWrites: Sendable {
    /// Addresses, offsets and lengths must be multiples of this. Devices with larger blocks refuse.
    private static let unit = 512

    /// The kernel's O_DIRECT, which the C library's module does not show to Swift.
    #if arch(arm64)
        private static let oDirect: Int32 = 0o200000
    #else
        private static let oDirect: Int32 = 0o40000
    #endif

    private enum State {
        case untried
        case open(Int32)
        /// The file is closed, or the file system or the device does not do it: nothing is tried
        /// again.
        case ended
    }
    private let state = Mutex(State.untried)

    deinit { end() }

    /// Whether a write is large enough, and lies as direct writes must.
    static func suits(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        bytes.count >= Limits.directWriteBytesMin && bytes.count % unit == 0
            && offset % unit == 0 && Int(bitPattern: bytes.baseAddress) % unit == 0
    }

    /// Writes as much of `bytes` as can be written directly.
    /// - Parameter file: the descriptor under which the file is open already.
    /// - Returns: the bytes written, from the front; 0 where direct writes are refused.
    func write(
        _ bytes: UnsafeRawBufferPointer, at offset: Int, of file: Int32, _ path: String
    ) throws(DiskError) -> Int {
        guard let descriptor = descriptor(of: file) else { return 0 }
        var done = 0
        while done < bytes.count, done % Self.unit == 0 {
            do {
                done += try PosixCall.retrying(.write, path) {
                    unsafe pwrite(
                        descriptor, bytes.baseAddress! + done, bytes.count - done, offset + done)
                }
            } catch {
                guard error.code == EINVAL || error.code == EOPNOTSUPP else { throw error }
                end()
                break
            }
        }
        return done
    }

    private func descriptor(of file: Int32) -> Int32? {
        state.withLock { state in
            if case .untried = state {
                // By its descriptor, for the path may have a new owner by now.
                let path = "/proc/self/fd/\(file)"
                let opened = unsafe open(path, O_WRONLY | Self.oDirect | O_CLOEXEC)
                state = opened >= 0 ? .open(opened) : .ended
            }
            if case .open(let descriptor) = state { return descriptor }
            return nil
        }
    }

    /// Closes the descriptor; later writes are refused.
    func end() {
        state.withLock { state in
            if case .open(let descriptor) = state { Glibc.close(descriptor) }
            state = .ended
        }
    }
}
