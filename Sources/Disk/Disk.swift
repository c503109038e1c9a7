import Model

/// The file system as the engine sees it: the one seam at which tests put faults.
///
/// Paths are plain strings, absolute or relative to the process. No operation retries; EINTR is
/// the one exception, since the call did not happen (but not where it flushes).
package protocol Disk: Sendable {
    /// Opens a file. `.create` makes it if absent and keeps what is there; `.createNew` refuses an
    /// existing one. New files have mode 0600.
    func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile
    /// The names in a directory, sorted, without `.` and `..`.
    func list(_ directory: String) throws(DiskError) -> [String]
    /// Makes one directory with mode 0700; an existing one is no error.
    func makeDirectory(_ path: String) throws(DiskError)
    /// Replaces `destination` if it exists. Durable once the directory is synchronized.
    func rename(_ source: String, to destination: String) throws(DiskError)
    /// Gives a file a second name, which must not be there yet. Durable once the directory is
    /// synchronized; EXDEV where the two names would be on different file systems.
    func link(_ source: String, to destination: String) throws(DiskError)
    /// Removes a file's name, or an empty directory; what has the file open or mapped keeps its
    /// content.
    func remove(_ path: String) throws(DiskError)
    /// Makes creations, renames and removals in `directory` durable.
    func synchronizeDirectory(_ path: String) throws(DiskError)
    /// The size in bytes, or nil where there is no such file; EISDIR for a directory.
    func size(of path: String) throws(DiskError) -> Int?
}

package enum OpenMode: Sendable {
    case read
    case readWrite
    case create
    case createNew
}

/// An open file. Closed when the last reference goes, or by `close`.
package protocol DiskFile: AnyObject, Sendable {
    var path: String { get }
    /// Reads up to `buffer.count` bytes at `offset`; returns how many (fewer only at the end).
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(DiskError) -> Int
    /// Writes all of `bytes` at `offset`, in as many calls as it takes.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskError)
    /// fdatasync: returns once content and size are on stable storage. After it has failed once,
    /// the file's content is unknown; calling it again proves nothing.
    func synchronize() throws(DiskError)
    /// A hint: what was written there may begin to go to stable storage, so that a later
    /// `synchronize` of a large file does not hold up those of other files.
    func startFlush(of range: Range<Int>)
    func size() throws(DiskError) -> Int
    func truncate(to size: Int) throws(DiskError)
    /// Reserves space up to `size` bytes and extends the file with zeros to it.
    func allocate(to size: Int) throws(DiskError)
    /// Maps the whole file for reading. The mapping outlives the file's name and its closing.
    func map() throws(DiskError) -> MappedBytes
    func close()
}

extension DiskFile {
    package func startFlush(of range: Range<Int>) {}
}

/// A file system call that failed: what was tried, where, and the system's reason.
package struct DiskError: Error, Hashable, Sendable {
    package enum Operation: String, Sendable {
        case open, read, write, synchronize, size, truncate, allocate, map, list, makeDirectory
        case rename, link, remove, synchronizeDirectory, lock
    }
    package var operation: Operation
    package var path: String
    /// The system's errno.
    package var code: Int32

    package init(_ operation: Operation, _ path: String, _ code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }
}
