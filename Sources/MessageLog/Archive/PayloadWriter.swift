import Model

/// Puts one payload together in memory that has room for all of it: each byte is written once, and
/// no piece asks for room of its own (a third less of the processor than growing an array).
@safe
struct PayloadWriter {
    private let start: UnsafeMutableRawPointer
    private let room: Int
    private(set) var count = 0

    init(_ memory: UnsafeMutableBufferPointer<UInt8>) {
        guard let address = memory.baseAddress else { preconditionFailure("room for a payload") }
        unsafe start = UnsafeMutableRawPointer(address)
        room = memory.count
    }

    /// The most bytes that a cut payload can have: each value stands in it once at most.
    static func bytesMax(text: Int, digits: Int, _ known: KnownValues) -> Int {
        text + 2 * digits + stepBytes + known.topic.count + known.id.count + timeBytesMax
    }

    /// What is copied at once.
    private static let stepBytes = ArchiveFormat.Marker.stepBytes
    private static let timeBytesMax = 20 + 1 + 6

    /// Copies text up to the next marker, or to its end.
    /// - Parameter place: where it begins; then where the marker stands.
    @inline(__always)
    mutating func copyPlain(_ text: UnsafeRawBufferPointer, from place: inout Int) {
        precondition(count + text.count - place <= room, "a payload past its room")
        while place &+ Self.stepBytes <= text.count {
            let low = unsafe text.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            let high = unsafe text.loadUnaligned(fromByteOffset: place &+ 8, as: UInt64.self)
            unsafe (start + count).storeBytes(of: low, as: UInt64.self)
            unsafe (start + count + 8).storeBytes(of: high, as: UInt64.self)
            let plain = ArchiveFormat.Marker.plainBytes(low, high)
            place &+= plain
            count &+= plain
            if plain < Self.stepBytes { return }
        }
        while place < text.count, unsafe text[place] >= ArchiveFormat.Marker.first {
            unsafe put(text[place])
            place &+= 1
        }
    }

    @inline(__always)
    mutating func put(_ byte: UInt8) {
        precondition(count < room, "a payload past its room")
        unsafe start.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count &+= 1
    }

    @inline(__always)
    mutating func put(_ value: [UInt8]) {
        precondition(count + value.count <= room, "a payload past its room")
        unsafe value.withUnsafeBytes { bytes in
            guard let source = bytes.baseAddress else { return }
            unsafe (start + count).copyMemory(from: source, byteCount: bytes.count)
        }
        count &+= value.count
    }

    /// Two lower-case hexadecimal digits for each byte.
    @inline(__always)
    mutating func put(hexadecimal bytes: UnsafeRawBufferPointer) {
        let words = (bytes.count + 3) / 4
        precondition(count + words * 8 <= room, "a payload past its room")
        let rest = unsafe UnsafeMutableRawBufferPointer(start: start + count, count: words * 8)
        unsafe rest.store(hexadecimal: bytes)
        count &+= 2 * bytes.count
    }

    /// A time in seconds with so many decimals, 0 to 6; nothing where that is not all of it.
    mutating func put(time: Int64, decimals: Int) {
        // What one of the last decimal counts, in microseconds.
        var unit: Int64 = 1
        for _ in decimals..<6 { unit *= 10 }
        guard time >= 0, time % unit == 0 else { return }
        put(decimal: time / 1_000_000)
        guard decimals > 0 else { return }
        // A digit in front keeps the zeros; the point takes its place.
        let point = count
        put(decimal: time % 1_000_000 / unit + 1_000_000 / unit)
        unsafe start.storeBytes(of: UInt8(ascii: "."), toByteOffset: point, as: UInt8.self)
    }

    private mutating func put(decimal value: Int64) {
        let digits = decimalDigits(value)
        precondition(count + digits <= room, "a payload past its room")
        let rest = unsafe UnsafeMutableRawBufferPointer(start: start + count, count: digits)
        unsafe rest.store(decimal: value)
        count &+= digits
    }
}
