import Glibc

/// The file in which LMDB keeps its readers and locks. It is mapped for writing.
enum ReaderTable {
    /// Makes room on the disk for the whole table. LMDB leaves it to the first write to a page, and
    /// a full disk then kills the process (SIGBUS) instead of being an error.
    ///
    /// To be called before LMDB opens the environment: closing the file drops this process's locks.
    static func reserve(_ path: String, readersMax: Int) throws(LMDBError) {
        let descriptor = unsafe Glibc.open(
            path + "/lock.mdb", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        // LMDB itself says better what is wrong with the directory.
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // A cache line for each reader, and the head's; not more than LMDB's own size, by which it
        // knows how many readers there may be.
        let code = posix_fallocate(descriptor, 0, (readersMax + 1) * 64)
        guard code == enospc || code == edquot else { return }
        throw LMDBError(.open, path, .code(code))
    }
}
