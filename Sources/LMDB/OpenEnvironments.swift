import Glibc
import Synchronization

/// A directory's identity, whatever path leads to it.
struct DirectoryIdentity: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64

    /// - Returns: nil, with errno set, if the directory cannot be examined.
    init?(of path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
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
