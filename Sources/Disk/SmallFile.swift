import Glibc

/// A file that people write and that is no part of a store, read whole: configuration, rules,
/// certificates. It may be a pipe.
package enum SmallFile {
    package enum Failure: Error {
        /// The system's word for why.
        case unreadable(String)
        case tooLong
    }

    /// - Parameter bytesMax: what is longer is refused.
    package static func read(_ path: String, bytesMax: Int) throws(Failure) -> [UInt8] {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw lastFailure }
        defer { close(file) }
        var content: [UInt8] = []
        while true {
            var failed = false
            let part = unsafe [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
                let got = unsafe Glibc.read(file, buffer.baseAddress, buffer.count)
                failed = got < 0
                count = max(0, got)
            }
            if failed { throw lastFailure }
            if part.isEmpty { return content }
            content += part
            if content.count > bytesMax { throw .tooLong }
        }
    }

    private static var lastFailure: Failure {
        .unreadable(unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)")
    }
}
