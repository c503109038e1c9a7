import Glibc
import Synchronization

/// A directory's identity, whatever path leads to it.
struct DirectoryIdentity: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64
}

/// A directory held open. Its inode is no other directory's for as long, even once it has been
/// removed; a name may be given to another one at any time.
struct HeldDirectory: ~Copyable, Sendable {
    let identity: DirectoryIdentity
    private let descriptor: Int32

    /// - Returns: nil, with errno set, if the directory cannot be opened.
    init?(_ path: String) {
        descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        var status = stat()
        guard descriptor >= 0, unsafe fstat(descriptor, &status) == 0 else { return nil }
        identity = DirectoryIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}

/// The directories whose environments this process has open.
///
/// LMDB's locks belong to the process: closing a second environment of one directory drops the
/// locks of the first, and other processes then overwrite pages that it reads.
enum OpenEnvironments {
    private static let directories = Mutex<Set<DirectoryIdentity>>([])

    /// - Returns: false if the directory is open already.
    static func insert(_ directory: DirectoryIdentity) -> Bool {
        directories.withLock { $0.insert(directory).inserted }
    }

    static func remove(_ directory: DirectoryIdentity) {
        directories.withLock { _ = $0.remove(directory) }
    }
}
