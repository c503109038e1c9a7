import Glibc

/// Wall and processor time since it was made.
struct Stopwatch {
    private let wall = Stopwatch.nanoseconds
    private let processor = Stopwatch.processorMicroseconds

    static var nanoseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    static var processorMicroseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    /// Prints time since the start, and the rate where there were messages.
    func report(_ name: String, messages: Int?) {
        let seconds = Double(Stopwatch.nanoseconds - wall) / 1e9
        let processor = Double(Stopwatch.processorMicroseconds - processor)
        guard let messages else {
            return print("\(name): \(seconds * 1_000) ms wall, \(processor / 1_000) ms CPU")
        }
        let rate = Int(Double(messages) / seconds)
        print("\(name): \(rate) messages/s, \(processor / Double(messages)) us of CPU each")
    }
}

/// A whole file in memory, as lines.
struct TextFile {
    let lines: [ArraySlice<UInt8>]

    struct Unreadable: Error { let path: String }

    init(_ path: String) throws {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw Unreadable(path: path) }
        defer { close(descriptor) }
        var status = stat()
        fstat(descriptor, &status)
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var done = 0
        while done < bytes.count {
            let amount = bytes[done...].withUnsafeMutableBytes {
                read(descriptor, $0.baseAddress, $0.count)
            }
            guard amount > 0 else { throw Unreadable(path: path) }
            done += amount
        }
        lines = bytes.split(separator: 10)
    }
}

extension Array {
    /// The elements in order, so many at a time.
    func chunks(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
