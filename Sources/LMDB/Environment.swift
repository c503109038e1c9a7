import CLMDB
import Glibc
import Synchronization

/// An LMDB environment with one table: a sorted map from keys of 1 to 511 bytes to values.
///
/// Flags: NOTLS, so that a read transaction belongs to no thread; NORDAHEAD, since lookups are
/// scattered; NOMETASYNC, so that a crash may lose the last commit but never integrity, which is
/// all that a derived index needs. Neither WRITEMAP nor NOSYNC, with which a crash or a stray
/// write corrupts the file. The lock against other processes is the data directory's, not this.
@safe
package final class Environment: Sendable {
    /// The directory that holds `data.mdb` and `lock.mdb`.
    package var path: String { place.withLock { $0 } }
    /// The quota of the map in bytes: it grows up to there.
    package let mapBytesMax: Int

    private let place: Mutex<String>
    private let directory: HeldDirectory
    private let processID: pid_t
    // LMDB's handle is immutable here and safe to use from every thread.
    nonisolated(unsafe) private let handle: OpaquePointer
    private let table: MDB_dbi
    /// The thread that has the write transaction, or 0.
    private let writer = Atomic<UInt>(0)
    private let gate = MapGate()
    private let map: Atomic<Int>

    private init(
        path: String, mapBytes: Int, mapBytesMax: Int, directory: consuming HeldDirectory,
        handle: OpaquePointer, table: MDB_dbi
    ) {
        place = Mutex(path)
        map = Atomic(mapBytes)
        self.mapBytesMax = mapBytesMax
        self.directory = directory
        self.processID = getpid()
        unsafe self.handle = handle
        self.table = table
    }

    deinit {
        // A forked child must leave the shared lock table alone: its slots are the parent's.
        guard getpid() == processID else { return }
        unsafe mdb_env_close(handle)
        OpenEnvironments.remove(directory.identity)
    }

    /// The directory has been given another name; LMDB needs none any more.
    package func hasMoved(to path: String) { place.withLock { $0 = path } }

    /// Opens, or makes, the environment in an existing directory.
    ///
    /// It is closed when the last reference to it, transactions included, goes.
    /// - Parameters:
    ///   - path: the directory, made by the caller with mode 0700.
    ///   - mapBytes: the map at first, address space only until used; rounded up to whole pages,
    ///     and to twice what the file has. A commit beyond it fails with `isMapFull`.
    ///   - mapBytesMax: the quota up to which `growMap` enlarges it; nil for `mapBytes`.
    ///   - readersMax: how many read transactions may be open at once, over all processes.
    /// - Throws: `LMDBError` for a second opening in this process, a network file system, a file
    ///   that is no LMDB file of this version (`needsRebuild`), or what the system says.
    package static func open(
        path: String, mapBytes: Int, mapBytesMax: Int? = nil, readersMax: Int = 126
    ) throws(LMDBError) -> Environment {
        if let name = NetworkFileSystem.name(holding: path) {
            throw LMDBError(.open, path, .networkFileSystem(name))
        }
        guard let directory = HeldDirectory(path) else {
            throw LMDBError(.open, path, .code(errno))
        }
        let identity = directory.identity
        guard OpenEnvironments.insert(identity) else {
            throw LMDBError(.open, path, .alreadyOpen)
        }
        let quota = wholePages(mapBytesMax ?? mapBytes)
        let first = max(wholePages(mapBytes), 2 * fileBytes(path + "/data.mdb"))
        do {
            return try openRegistered(
                path: path, mapBytes: min(first, quota), quota: quota, readersMax: readersMax,
                directory: directory)
        } catch {
            OpenEnvironments.remove(identity)
            throw error
        }
    }

    private static func wholePages(_ bytes: Int) -> Int {
        let pageBytes = sysconf(Int32(_SC_PAGESIZE))
        return (bytes + pageBytes - 1) / pageBytes * pageBytes
    }

    private static func fileBytes(_ path: String) -> Int {
        var found = stat()
        return unsafe stat(path, &found) == 0 ? wholePages(Int(found.st_size)) : 0
    }

    private static func openRegistered(
        path: String, mapBytes: Int, quota: Int, readersMax: Int,
        directory: consuming HeldDirectory
    ) throws(LMDBError) -> Environment {
        func check(_ code: Int32) throws(LMDBError) {
            guard code == MDB_SUCCESS else {
                throw LMDBError(.open, path, .code(code), mapBytes: mapBytes)
            }
        }
        var created: OpaquePointer?
        try unsafe check(mdb_env_create(&created))
        guard let handle = unsafe created else {
            preconditionFailure("LMDB made an environment without a handle")
        }
        do {
            try unsafe check(mdb_env_set_mapsize(handle, mapBytes))
            try unsafe check(mdb_env_set_maxreaders(handle, UInt32(readersMax)))
            try ReaderTable.reserve(path, readersMax: readersMax)
            let flags = UInt32(MDB_NOTLS | MDB_NORDAHEAD | MDB_NOMETASYNC)
            try unsafe check(mdb_env_open(handle, path, flags, 0o600))
            // Slots of readers whose processes died are freed.
            var cleared: Int32 = 0
            try unsafe check(mdb_reader_check(handle, &cleared))
            var transaction: OpaquePointer?
            try unsafe check(mdb_txn_begin(handle, nil, UInt32(MDB_RDONLY), &transaction))
            defer { unsafe mdb_txn_abort(transaction) }
            var table: MDB_dbi = 0
            try unsafe check(mdb_dbi_open(transaction, nil, 0, &table))
            return unsafe Environment(
                path: path, mapBytes: mapBytes, mapBytesMax: quota, directory: directory,
                handle: handle, table: table)
        } catch {
            unsafe mdb_env_close(handle)
            throw error
        }
    }

    /// Begins a read transaction: the environment as of the last commit, for as long as it lives.
    package func beginRead() throws(LMDBError) -> ReadTransaction {
        unsafe ReadTransaction(
            environment: self, handle: try begin(UInt32(MDB_RDONLY)), table: table)
    }

    /// Begins the write transaction; waits until another one of this process has ended.
    ///
    /// It must end on the thread that began it, and a thread that has one must not begin another.
    package func beginWrite() throws(LMDBError) -> WriteTransaction {
        let thread = UInt(pthread_self())
        precondition(
            writer.load(ordering: .relaxed) != thread,
            "this thread has a write transaction of \(path) already")
        let transaction = unsafe try begin(0)
        writer.store(thread, ordering: .relaxed)
        return unsafe WriteTransaction(environment: self, handle: transaction, table: table)
    }

    private func begin(_ flags: UInt32) throws(LMDBError) -> OpaquePointer {
        try checkProcess(.begin)
        gate.enter()
        var transaction: OpaquePointer?
        let code = unsafe mdb_txn_begin(handle, nil, flags, &transaction)
        guard let begun = unsafe transaction, code == MDB_SUCCESS else {
            gate.leave()
            throw failure(.begin, code)
        }
        return unsafe begun
    }

    func readerEnded() { gate.leave() }

    func writerEnded() {
        writer.store(0, ordering: .relaxed)
        gate.leave()
    }

    /// The map's present size in bytes.
    package var mapBytes: Int { map.load(ordering: .relaxed) }

    /// Doubles the map, up to the quota, in a moment without transactions; they wait meanwhile. To
    /// be called after `isMapFull`, by a thread that has no transaction.
    /// - Returns: false where the quota is reached already.
    /// - Throws: `mapInUse` if transactions stayed open for longer than `patience`, which is short,
    ///   since event loops may be among those that wait.
    package func growMap(patience milliseconds: Int = 20) throws(LMDBError) -> Bool {
        try checkProcess(.growMap)
        let larger = min(2 * mapBytes, mapBytesMax)
        guard larger > mapBytes else { return false }
        var code: Int32 = MDB_SUCCESS
        let moved = gate.move(patience: milliseconds) {
            unsafe code = mdb_env_set_mapsize(handle, larger)
        }
        guard moved else { throw LMDBError(.growMap, path, .mapInUse(milliseconds)) }
        try check(code, .growMap)
        map.store(larger, ordering: .relaxed)
        return true
    }

    /// Puts the last commit on stable storage; without it, a crash may lose that one commit.
    package func synchronize() throws(LMDBError) {
        try checkProcess(.synchronize)
        try unsafe check(mdb_env_sync(handle, 1), .synchronize)
    }

    /// Writes a copy in key order without free pages as `data.mdb` into another directory.
    ///
    /// The copy is one snapshot, on stable storage when this returns; readers and the writer go
    /// on meanwhile.
    /// - Parameter directory: an existing directory without a `data.mdb`.
    package func compact(to directory: String) throws(LMDBError) {
        try checkProcess(.compact)
        let copy = unsafe Glibc.open(
            directory + "/data.mdb", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard copy >= 0 else { throw LMDBError(.compact, directory, .code(errno)) }
        defer { close(copy) }
        var code = unsafe mdb_env_copyfd2(handle, copy, UInt32(MDB_CP_COMPACT))
        if code == MDB_SUCCESS && fsync(copy) != 0 { code = errno }
        if code == MDB_SUCCESS { code = Self.synchronizeDirectory(directory) }
        guard code == MDB_SUCCESS else { throw LMDBError(.compact, directory, .code(code)) }
    }

    private static func synchronizeDirectory(_ path: String) -> Int32 {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        return fsync(descriptor) == 0 ? MDB_SUCCESS : errno
    }

    /// Sizes and counts of the last commit.
    package func statistics() throws(LMDBError) -> Statistics {
        try checkProcess(.statistics)
        var pages = MDB_stat()
        var information = unsafe MDB_envinfo()
        try unsafe check(mdb_env_stat(handle, &pages), .statistics)
        try unsafe check(mdb_env_info(handle, &information), .statistics)
        return unsafe Statistics(pages, information)
    }

    /// Whether this process is the one that opened the environment.
    var isOwnProcess: Bool { getpid() == processID }

    private func checkProcess(_ operation: LMDBError.Operation) throws(LMDBError) {
        guard isOwnProcess else { throw LMDBError(operation, path, .forked) }
    }

    private func check(_ code: Int32, _ operation: LMDBError.Operation) throws(LMDBError) {
        guard code == MDB_SUCCESS else { throw failure(operation, code) }
    }

    /// The error of an operation in this environment.
    @usableFromInline
    func failure(_ operation: LMDBError.Operation, _ code: Int32) -> LMDBError {
        LMDBError(operation, path, .code(code), mapBytes: mapBytes)
    }
}
