import Disk
import Glibc
import Model

/// A small file that someone wrote, read whole.
package enum ConfigurationFile {
    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    package static func read(_ path: String) throws(ConfigurationError) -> [UInt8] {
        do {
            return try SmallFile.read(path, bytesMax: Limits.configurationBytesMax)
        } catch {
            switch error {
            case .unreadable(let reason):
                throw ConfigurationError(
                    file: path, reason: "The file cannot be read: \(reason).")
            case .tooLong:
                throw ConfigurationError(
                    file: path,
                    reason: "The file is longer than \(Limits.configurationBytesMax) bytes.")
            }
        }
    }
}
