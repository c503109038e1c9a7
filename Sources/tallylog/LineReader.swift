import Glibc

/// Reads a file, or standard input, line by line, in large pieces.
final class LineReader {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var position = 0
    private var ended = false
    /// The file's size; nil where it has none (a pipe).
    let totalBytes: Int?
    /// The bytes handed out so far.
    private(set) var readBytes = 0

    init(path: String) throws {
        descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandFailure("cannot open \(path): \(String(cString: strerror(errno)))")
        }
        var status = stat()
        fstat(descriptor, &status)
        totalBytes = status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }

    deinit { if descriptor > 0 { close(descriptor) } }

    /// The next line, without its end; nil at the file's end.
    /// - Parameter skipsBlank: leaves blank lines out.
    func next(skipsBlank: Bool = true) throws -> ArraySlice<UInt8>? {
        var searched = position
        while true {
            let end = buffer[searched...].withUnsafeBytes { rest -> Int? in
                guard let start = rest.baseAddress, let found = memchr(start, 10, rest.count)
                else { return nil }
                return searched + (UnsafeRawPointer(found) - start)
            }
            if let end {
                let line = buffer[position..<end]
                position = end + 1
                readBytes += line.count + 1
                if !skipsBlank || line.contains(where: { $0 > 32 }) { return line }
                searched = position
                continue
            }
            if ended {
                let line = buffer[position...]
                position = buffer.count
                readBytes += line.count
                return line.contains(where: { $0 > 32 }) ? line : nil
            }
            try fill()
            searched = position
        }
    }

    private func fill() throws {
        buffer.removeFirst(position)
        position = 0
        let old = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: 4 << 20))
        var amount = -1
        repeat {
            amount = buffer[old...].withUnsafeMutableBytes {
                read(descriptor, $0.baseAddress, $0.count)
            }
        } while amount < 0 && errno == EINTR
        guard amount >= 0 else {
            throw CommandFailure("reading failed: \(String(cString: strerror(errno)))")
        }
        buffer.removeLast(buffer.count - old - amount)
        ended = amount == 0
    }
}
