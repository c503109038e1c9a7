import Disk

// Files as arrays of bytes, so that tests read as what they mean.

extension DiskFile {
    func write(_ bytes: [UInt8], at offset: Int) throws(DiskError) {
        try bytes.span.withUnsafeBytes { (bytes) throws(DiskError) in try write(bytes, at: offset) }
    }

    func read(_ count: Int, at offset: Int) throws(DiskError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xEE, count: count)
        var span = bytes.mutableSpan
        let done = try span.withUnsafeMutableBytes { (bytes) throws(DiskError) in
            try read(into: bytes, at: offset)
        }
        return Array(bytes.prefix(done))
    }
}
