import Glibc
import Model

/// Files with a CURVE key: the key alone, or ZeroMQ's own form, `public-key = "..."` and
/// `secret-key = "..."`, which `tallylog keys` and Python's `zmq.auth` write.
package enum CurveKeyFile {
    /// A file that cannot be used; the sentence begins with its path.
    package struct Malformed: Error, CustomStringConvertible {
        package var description: String
    }

    /// The endings of the two files of a pair, as `zmq.auth` has them.
    package static let publicEnding = ".key"
    package static let secretEnding = ".key_secret"

    package static func publicKey(in path: String) throws(Malformed) -> CurveKey {
        try key("public-key", in: path, mayBeShared: true)
    }

    /// Refuses a file that others may read: the key in it is none of theirs.
    package static func secretKey(in path: String) throws(Malformed) -> CurveKey {
        try key("secret-key", in: path, mayBeShared: false)
    }

    /// Makes the two files of a pair, the secret one with mode 0600. Neither may be there.
    package static func write(_ pair: CurveKeyPair, to path: String) throws(Malformed) {
        let publicPart = "curve\n    public-key = \"\(pair.publicKey.text)\"\n"
        let secretPart = "    secret-key = \"\(pair.secretKey.text)\"\n"
        // The name says so already, but people open files.
        let warning = "# A secret key of CURVE: for its owner alone.\n"
        try write("metadata\n" + publicPart, to: path + publicEnding, mode: 0o644)
        try write(
            warning + "metadata\n" + publicPart + secretPart, to: path + secretEnding, mode: 0o600)
    }

    private static func key(
        _ word: String, in path: String, mayBeShared: Bool
    ) throws(Malformed) -> CurveKey {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure(path, "cannot be read") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure(path, "cannot be read") }
        let mode = status.st_mode & 0o777
        guard mayBeShared || mode & 0o077 == 0 else {
            throw Malformed(
                description: "\(path) has a secret key and may be read by others (its mode is "
                    + "0\(String(mode, radix: 8))); accepted: 0600, as after 'chmod 600 \(path)'")
        }
        var bytes = [UInt8](repeating: 0, count: Limits.keyFileBytesMax)
        let count = read(file, &bytes, bytes.count)
        guard count >= 0 else { throw failure(path, "cannot be read") }
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        guard let key = find(word, in: text) else {
            throw Malformed(
                description: "\(path) has no key; accepted: \(CurveKey.accepted), or a line "
                    + "'\(word) = \"...\"'")
        }
        return key
    }

    private static func find(_ word: String, in text: String) -> CurveKey? {
        let lines = text.split(whereSeparator: \.isNewline).map { line in
            line.drop { $0 == " " || $0 == "\t" }
        }
        for line in lines where line.hasPrefix(word) {
            let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
            let between = parts.first?.dropFirst(word.count)
            if parts.count == 3, between?.filter({ $0 != " " && $0 != "\t" }) == "=" {
                return CurveKey(String(parts[1]))
            }
        }
        let alone = lines.first.map { line in String(line.prefix { $0 != " " && $0 != "\t" }) }
        return lines.count == 1 ? alone.flatMap { CurveKey($0) } : nil
    }

    private static func write(
        _ text: String, to path: String, mode: mode_t
    ) throws(Malformed) {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw failure(path, "cannot be made") }
        let bytes = Array(text.utf8)
        let written = Glibc.write(file, bytes, bytes.count)
        guard close(file) == 0, written == bytes.count else {
            throw failure(path, "cannot be written")
        }
    }

    private static func failure(_ path: String, _ what: String) -> Malformed {
        Malformed(description: "\(path) \(what): \(String(cString: strerror(errno)))")
    }
}
