import Glibc
import Model

/// A small file that someone wrote, read whole.
package enum ConfigurationFile {
    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    package static func read(_ path: String) throws(ConfigurationError) -> [UInt8] {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure(path) }
        defer { close(file) }
        var content: [UInt8] = []
        while true {
            var failed = false
            let part = unsafe [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
                let got = unsafe Glibc.read(file, buffer.baseAddress, buffer.count)
                failed = got < 0
                count = max(0, got)
            }
            if failed { throw failure(path) }
            if part.isEmpty { return content }
            content += part
            if content.count > Limits.configurationBytesMax {
                throw ConfigurationError(
                    file: path,
                    reason: "The file is longer than \(Limits.configurationBytesMax) bytes.")
            }
        }
    }

    private static func failure(_ path: String) -> ConfigurationError {
        let reason = unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)"
        return ConfigurationError(file: path, reason: "The file cannot be read: \(reason).")
    }
}
