import Glibc

/// The claim of one process on a data directory, held until this object goes or the process dies.
///
/// A lock on the open file `lock`, with the holder's process id and command as its text. It always
/// concerns the real file system, whatever `Disk` the engine runs on.
package final class DirectoryLock: Sendable {
    private let descriptor: Int32
    private let processID = getpid()

    private init(descriptor: Int32) { self.descriptor = descriptor }

    // The file stays: removing it would let two processes lock two files of one name.
    deinit {
        // A process that this one is just starting has the descriptor too, for a moment, and with
        // it the claim. But a forked one must not give up its parent's.
        if getpid() == processID { flock(descriptor, LOCK_UN) }
        close(descriptor)
    }

    /// Claims an existing directory.
    /// - Throws: `.held` if another process, or this one, has claimed it.
    package static func acquire(
        _ directory: String
    ) throws(DirectoryLockError) -> DirectoryLock {
        let path = directory + "/lock"
        let descriptor = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .disk(DiskError(.lock, path, errno)) }
        let lock = DirectoryLock(descriptor: descriptor)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            guard errno == EWOULDBLOCK else { throw .disk(DiskError(.lock, path, errno)) }
            let text = readText(descriptor).split(separator: "\n", omittingEmptySubsequences: false)
            throw .held(
                directory: directory, processID: text.first.flatMap { Int32($0) },
                command: text.count > 1 ? String(text[1]) : nil)
        }
        try writeText("\(getpid())\n\(ownCommand())\n", descriptor, path)
        return lock
    }

    private static func ownCommand() -> String {
        let descriptor = unsafe Glibc.open("/proc/self/comm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "unknown" }
        defer { close(descriptor) }
        return String(readText(descriptor).prefix { $0 != "\n" })
    }

    private static func readText(_ descriptor: Int32) -> String {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 256) { buffer, count in
            count = unsafe max(0, pread(descriptor, buffer.baseAddress!, buffer.count, 0))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func writeText(
        _ text: String, _ descriptor: Int32, _ path: String
    ) throws(DirectoryLockError) {
        let bytes = Array(text.utf8)
        guard ftruncate(descriptor, 0) == 0,
            unsafe pwrite(descriptor, bytes, bytes.count, 0) == bytes.count
        else { throw .disk(DiskError(.lock, path, errno)) }
    }
}

/// Why a data directory could not be claimed.
package enum DirectoryLockError: Error, Hashable, Sendable {
    /// The holder's process id and command, as far as the lock file names them.
    case held(directory: String, processID: Int32?, command: String?)
    case disk(DiskError)
}

extension DirectoryLockError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .disk(let error): return error.description
        case .held(let directory, let processID, let command):
            let holder = processID.map { "process \($0) (\(command ?? "unknown command"))" }
            return "cannot lock \(directory): \(holder ?? "another process") uses it; "
                + "stop that process, or name another directory"
        }
    }
}
