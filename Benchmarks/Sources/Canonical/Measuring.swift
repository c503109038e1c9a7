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

/// A file, mapped for as long as the process lives, as lines.
struct TextFile {
    let lines: [UnsafeRawBufferPointer]

    struct Unreadable: Error { let path: String }

    init(_ path: String) throws {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw Unreadable(path: path) }
        defer { close(descriptor) }
        var status = stat()
        fstat(descriptor, &status)
        let size = Int(status.st_size)
        guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
            start != MAP_FAILED
        else { throw Unreadable(path: path) }
        let whole = UnsafeRawBufferPointer(start: start, count: size)
        var lines: [UnsafeRawBufferPointer] = []
        var begun = 0
        while begun < size, let end = memchr(start + begun, 10, size - begun) {
            let place = UnsafeRawPointer(end) - UnsafeRawPointer(start)
            lines.append(UnsafeRawBufferPointer(rebasing: whole[begun..<place]))
            begun = place + 1
        }
        self.lines = lines
    }
}

extension Array {
    /// The elements in order, so many at a time.
    func chunks(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
