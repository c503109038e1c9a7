import Glibc

/// A directory of its own for one test, removed with its files when the object goes. Below TMPDIR,
/// as far as that is set.
package final class TemporaryDirectory: Sendable {
    package let path: String

    /// - Parameter inMemory: on a file system without a disk, where there is one: for tests that
    ///   make files by the thousand.
    package init(inMemory: Bool = false) {
        let usual = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        let parent = inMemory && access("/dev/shm", W_OK) == 0 ? "/dev/shm" : usual
        var template = Array("\(parent)/tallylog-test-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
        precondition(made, "cannot make a temporary directory: errno \(errno)")
        path = String(decoding: template.dropLast().map { UInt8($0) }, as: UTF8.self)
    }

    /// Makes a directory inside and returns its path.
    package func subdirectory(_ name: String) -> String {
        mkdir(path + "/" + name, 0o700)
        return path + "/" + name
    }

    deinit { Self.remove(path) }

    private static func remove(_ directory: String) {
        guard let stream = opendir(directory) else { return }
        defer {
            closedir(stream)
            rmdir(directory)
        }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name != ".", name != ".." else { continue }
            if unlink(directory + "/" + name) != 0 { remove(directory + "/" + name) }
        }
    }
}
