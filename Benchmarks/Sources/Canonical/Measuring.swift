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

    var secondsSinceStart: Double { Double(Stopwatch.nanoseconds - wall) / 1e9 }

    /// In microseconds.
    var processorSinceStart: Int { Int(Stopwatch.processorMicroseconds - processor) }

    /// Prints time since the start, and the rate where there were messages.
    func report(_ name: String, messages: Int?) {
        let seconds = secondsSinceStart
        let processor = Double(processorSinceStart)
        guard let messages else {
            return print("\(name): \(seconds * 1_000) ms wall, \(processor / 1_000) ms CPU")
        }
        let rate = Int(Double(messages) / seconds)
        print("\(name): \(rate) messages/s, \(processor / Double(messages)) us of CPU each")
    }
}

/// A file, mapped for as long as the process lives, as lines.
struct TextFile: Sequence {
    private let whole: UnsafeRawBufferPointer

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
        whole = UnsafeRawBufferPointer(start: start, count: size)
    }

    func makeIterator() -> some IteratorProtocol<UnsafeRawBufferPointer> {
        var rest = whole[...]
        return AnyIterator {
            guard let start = rest.base.baseAddress, !rest.isEmpty,
                let end = memchr(start + rest.startIndex, 10, rest.count)
            else { return nil }
            let place = UnsafeRawPointer(end) - start
            defer { rest = rest[(place + 1)...] }
            return UnsafeRawBufferPointer(rebasing: rest[..<place])
        }
    }

    var lines: [UnsafeRawBufferPointer] { Array(self) }

    /// The lines in order, so many at a time, found as they are wanted.
    func chunks(of size: Int) -> some Sequence<[UnsafeRawBufferPointer]> {
        var lines = makeIterator()
        return AnyIterator {
            var chunk: [UnsafeRawBufferPointer] = []
            while chunk.count < size, let line = lines.next() { chunk.append(line) }
            return chunk.isEmpty ? nil : chunk
        }
    }
}
