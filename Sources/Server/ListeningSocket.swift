import Glibc
import Model

/// A Unix stream socket that is bound and listens, made so that nobody else can take its place or
/// connect before its mode is set.
struct ListeningSocket {
    let descriptor: CInt
    private let path: String
    /// The file that was made, so that no other is removed in its stead.
    private let device: dev_t
    private let file: ino_t

    /// - Parameters:
    ///   - path: at most `Limits.socketPathBytesMax` bytes; its directory exists, belongs to this
    ///     user, and nobody else may write there.
    ///   - mode: the permission bits of the socket; connecting takes write permission.
    ///   - replacesStale: a socket that lies at `path` is left over, since the caller holds the
    ///     lock of the data directory, and may be removed.
    init(path: String, mode: mode_t, replacesStale: Bool) throws(SocketError) {
        guard path.utf8.count <= Limits.socketPathBytesMax, !path.utf8.contains(0) else {
            throw SocketError(
                path, "a path of \(path.utf8.count) bytes",
                remedy: "the system allows \(Limits.socketPathBytesMax) for a socket")
        }
        let (directory, name) = ListeningSocket.split(path)
        let parent = try ListeningSocket.openOwn(directory, for: path)
        defer { Glibc.close(parent) }
        try ListeningSocket.clear(name, in: parent, path: path, replacesStale: replacesStale)

        let descriptor = socket(
            AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw ListeningSocket.failed("socket", path) }
        do throws(SocketError) {
            try ListeningSocket.bind(descriptor, to: path)
            let made = try ListeningSocket.check(name, in: parent, path: path)
            guard chmod(path, mode) == 0 else { throw ListeningSocket.failed("chmod", path) }
            guard listen(descriptor, 511) == 0 else { throw ListeningSocket.failed("listen", path) }
            self.descriptor = descriptor
            self.path = path
            device = made.st_dev
            file = made.st_ino
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    /// Removes the socket's file, if it is still the one that was made here.
    func unlink() {
        var now = stat()
        guard lstat(path, &now) == 0, now.st_dev == device, now.st_ino == file else { return }
        _ = Glibc.unlink(path)
    }

    private static func split(_ path: String) -> (directory: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let directory = path[..<slash]
        return (
            directory.isEmpty ? "/" : String(directory), String(path[path.index(after: slash)...])
        )
    }

    /// Opens the parent directory, which must be one where only this user can make files.
    private static func openOwn(_ directory: String, for path: String) throws(SocketError) -> CInt {
        let parent = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard parent >= 0 else {
            let code = errno
            throw SocketError(
                path, "its directory \(directory) cannot be opened: \(reason(code))",
                remedy: "make a directory of mode 0700 (a symbolic link is not followed)")
        }
        var found = stat()
        guard fstat(parent, &found) == 0 else {
            let error = failed("fstat of its directory", path)
            Glibc.close(parent)
            throw error
        }
        guard found.st_uid == geteuid(), found.st_mode & 0o022 == 0 else {
            Glibc.close(parent)
            let mode = String(found.st_mode & 0o7777, radix: 8)
            throw SocketError(
                path,
                "its directory \(directory) belongs to user \(found.st_uid) and has mode \(mode)",
                remedy: "it must belong to user \(geteuid()), with no others able to write (0700)")
        }
        return parent
    }

    /// Makes room for the socket. Only a socket of our own is ever removed.
    private static func clear(
        _ name: String, in parent: CInt, path: String, replacesStale: Bool
    ) throws(SocketError) {
        var found = stat()
        guard fstatat(parent, name, &found, AT_SYMLINK_NOFOLLOW) == 0 else {
            guard errno == ENOENT else { throw failed("fstatat", path) }
            return
        }
        guard found.st_mode & S_IFMT == S_IFSOCK, found.st_uid == geteuid() else {
            throw SocketError(
                path, "something else than a socket of ours lies there",
                remedy: "move it away, or choose another path")
        }
        guard replacesStale else {
            throw SocketError(
                path, "a socket lies there already",
                remedy: "stop the server that uses it, or remove it if there is none")
        }
        guard unlinkat(parent, name, 0) == 0 else { throw failed("unlink", path) }
    }

    private static func bind(_ descriptor: CInt, to path: String) throws(SocketError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { room in
            room.copyBytes(from: path.utf8)
        }
        // Linux gives the file the descriptor's mode, less the umask: both are narrow, so that
        // nobody else can connect before `chmod`.
        _ = fchmod(descriptor, 0o600)
        let before = umask(0o077)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        let code = errno
        _ = umask(before)
        guard result == 0 else {
            throw SocketError(
                path, "bind failed: \(reason(code))", remedy: "see that the path is free")
        }
    }

    /// What was bound must lie in the directory that was checked: it could have been exchanged.
    private static func check(
        _ name: String, in parent: CInt, path: String
    ) throws(SocketError) -> stat {
        var made = stat()
        guard fstatat(parent, name, &made, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw failed("fstatat of the new socket", path)
        }
        guard made.st_mode & S_IFMT == S_IFSOCK, made.st_uid == geteuid() else {
            throw SocketError(
                path, "the new socket was exchanged for something else",
                remedy: "see who can write to the directories above it")
        }
        return made
    }

    private static func failed(_ call: String, _ path: String) -> SocketError {
        SocketError(path, "\(call) failed: \(reason(errno))", remedy: "see the system's reason")
    }

    private static func reason(_ code: CInt) -> String { String(cString: strerror(code)) }
}
