import Glibc

extension UnsafeRawBufferPointer {
    /// Where `text` first occurs; nil if it does not. An empty text occurs at once.
    package func firstOffset(of text: UnsafeRawBufferPointer) -> Int? {
        guard let sought = text.baseAddress, let first = unsafe text.first else { return 0 }
        guard let base = baseAddress else { return nil }
        var start = 0
        while start + text.count <= count {
            let window = count - start - text.count + 1
            guard let found = unsafe memchr(base + start, Int32(first), window) else { return nil }
            let place = unsafe UnsafeRawPointer(found) - base
            if unsafe memcmp(base + place, sought, text.count) == 0 { return place }
            start = place + 1
        }
        return nil
    }

    /// The same of bytes in an array.
    package func firstOffset(of text: [UInt8]) -> Int? {
        unsafe text.withUnsafeBytes { unsafe firstOffset(of: $0) }
    }
}
