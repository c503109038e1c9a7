import Glibc

/// A directory of its own for one test, removed with its files when the object goes.
final class TemporaryDirectory {
    let path: String

    init() {
        var template = Array("/tmp/tallylog-lmdb-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
        precondition(made, "cannot make a temporary directory: errno \(errno)")
        path = String(decoding: template.dropLast().map { UInt8($0) }, as: UTF8.self)
    }

    /// Makes a directory inside and returns its path.
    func subdirectory(_ name: String) -> String {
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

/// Reproducible randomness: SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
