import Glibc

/// The real file system. Never follows a symbolic link at the end of a path.
package struct PosixDisk: Disk {
    package init() {}

    package func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
        let flags =
            switch mode {
            case .read: O_RDONLY
            case .readWrite: O_RDWR
            case .create: O_RDWR | O_CREAT
            case .createNew: O_RDWR | O_CREAT | O_EXCL
            }
        let descriptor = try PosixCall.retrying(.open, path) {
            unsafe Glibc.open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        }
        let file = PosixFile(path: path, descriptor: Int32(descriptor))
        // A directory opens for reading without complaint, and fails only when it is read.
        guard try file.status(.open).isRegular else { throw DiskError(.open, path, EISDIR) }
        return file
    }

    package func list(_ directory: String) throws(DiskError) -> [String] {
        let descriptor = try openDirectory(directory, .list)
        guard let stream = unsafe fdopendir(descriptor) else {
            let code = errno
            Glibc.close(descriptor)
            throw DiskError(.list, directory, code)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else { break }
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw DiskError(.list, directory, errno) }
        return names.sorted()
    }

    package func makeDirectory(_ path: String) throws(DiskError) {
        if unsafe mkdir(path, 0o700) == 0 { return }
        guard errno == EEXIST else { throw DiskError(.makeDirectory, path, errno) }
        guard try FileStatus(.makeDirectory, path).isDirectory else {
            throw DiskError(.makeDirectory, path, ENOTDIR)
        }
    }

    package func rename(_ source: String, to destination: String) throws(DiskError) {
        guard unsafe Glibc.rename(source, destination) == 0 else {
            throw DiskError(.rename, source, errno)
        }
    }

    package func link(_ source: String, to destination: String) throws(DiskError) {
        guard unsafe Glibc.link(source, destination) == 0 else {
            throw DiskError(.link, source, errno)
        }
    }

    package func remove(_ path: String) throws(DiskError) {
        if unsafe unlink(path) == 0 { return }
        guard errno == EISDIR else { throw DiskError(.remove, path, errno) }
        guard unsafe rmdir(path) == 0 else { throw DiskError(.remove, path, errno) }
    }

    package func synchronizeDirectory(_ path: String) throws(DiskError) {
        let descriptor = try openDirectory(path, .synchronizeDirectory)
        defer { Glibc.close(descriptor) }
        // EINTR is not retried: whether the flush began is unknown, as after any other failure.
        guard fsync(descriptor) == 0 else { throw DiskError(.synchronizeDirectory, path, errno) }
    }

    package func size(of path: String) throws(DiskError) -> Int? {
        let status: FileStatus
        do {
            status = try FileStatus(.size, path)
        } catch {
            guard error.code == ENOENT else { throw error }
            return nil
        }
        guard status.isRegular else { throw DiskError(.size, path, EISDIR) }
        return status.size
    }

    private func openDirectory(
        _ path: String, _ operation: DiskError.Operation
    ) throws(DiskError) -> Int32 {
        Int32(
            try PosixCall.retrying(operation, path) {
                unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            })
    }
}

/// Calls of the C library that answer -1 and errno.
enum PosixCall {
    /// Makes the call until it is not interrupted by a signal; throws its errno if it fails.
    @inline(__always)
    static func retrying<Result: FixedWidthInteger & SignedInteger>(
        _ operation: DiskError.Operation, _ path: String, _ call: () -> Result
    ) throws(DiskError) -> Int {
        while true {
            let result = call()
            if result >= 0 { return Int(result) }
            guard errno == EINTR else { throw DiskError(operation, path, errno) }
        }
    }
}

/// What the engine wants to know of `struct stat`.
struct FileStatus {
    let size: Int
    private let type: mode_t

    var isRegular: Bool { type == S_IFREG }
    var isDirectory: Bool { type == S_IFDIR }

    /// Examines a path, without following a symbolic link at its end.
    init(_ operation: DiskError.Operation, _ path: String) throws(DiskError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { throw DiskError(operation, path, errno) }
        self.init(status)
    }

    init(_ status: stat) {
        size = Int(status.st_size)
        type = status.st_mode & S_IFMT
    }
}
