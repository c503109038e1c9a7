import Model

/// A block of an archive, decompressed: its messages' texts, and the digits cut out of them.
final class CutText: Sendable {
    private typealias Marker = ArchiveFormat.Marker

    private let text: [UInt8]
    private let digits: [UInt8]
    /// Where each message begins in the text and in the digits; one more for the end.
    private let starts: [(text: Int, digits: Int)]

    /// The messages of a block.
    var count: Int { starts.count - 1 }
    /// The memory that it takes, in bytes.
    var byteCount: Int { text.count + digits.count + starts.count * 16 }

    /// - Returns: nil where the text is not one that a `PayloadCutter` makes.
    init?(text: [UInt8], digits: [UInt8]) {
        var starts: [(text: Int, digits: Int)] = [(0, 0)]
        starts.reserveCapacity(16)
        let isWhole = unsafe text.withUnsafeBytes { bytes in
            var place = 0
            var digitPlace = 0
            while true {
                place = unsafe bytes.nextMarker(from: place)
                guard place < bytes.count else { break }
                switch unsafe bytes[place] {
                case Marker.end: starts.append((place + 1, digitPlace))
                case Marker.topic, Marker.id: break
                case Marker.time, Marker.digits, Marker.escape:
                    guard place + 1 < bytes.count else { return false }
                    if unsafe bytes[place] == Marker.digits {
                        digitPlace += unsafe Int(bytes[place + 1])
                    }
                    place += 1
                default: return false
                }
                place += 1
            }
            return starts[starts.count - 1].text == bytes.count && digitPlace == digits.count
        }
        guard isWhole else { return nil }
        self.text = text
        self.digits = digits
        self.starts = starts
    }

    /// Calls `body` with a message's text, its end included, and its digits.
    /// - Parameter message: below `count`.
    func withMessage<R, Failure: Error>(
        _ message: Int,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(Failure) -> R
    ) throws(Failure) -> R {
        let (start, end) = (starts[message], starts[message + 1])
        return try unsafe text.withUnsafeBufferPointer { (text) throws(Failure) in
            try unsafe digits.withUnsafeBufferPointer { (digits) throws(Failure) in
                try unsafe body(
                    UnsafeRawBufferPointer(
                        UnsafeBufferPointer(rebasing: text[start.text..<end.text])),
                    UnsafeRawBufferPointer(
                        UnsafeBufferPointer(rebasing: digits[start.digits..<end.digits])))
            }
        }
    }

    /// Appends a message's payload as it was.
    /// - Parameter message: below `count`.
    func append(_ message: Int, _ known: KnownValues, to payload: inout [UInt8]) {
        unsafe withMessage(message) { (text, digits) in
            unsafe Self.append(text, digits, known, to: &payload)
        }
    }

    /// Appends a payload as it was, from its text, the end included, and its digits.
    static func append(
        _ text: UnsafeRawBufferPointer, _ digits: UnsafeRawBufferPointer, _ known: KnownValues,
        to payload: inout [UInt8]
    ) {
        var place = 0
        var digitPlace = 0
        while true {
            let marker = unsafe text.nextMarker(from: place)
            unsafe payload.append(
                contentsOf: UnsafeRawBufferPointer(rebasing: text[place..<marker]))
            guard marker + 1 < text.count else { return }
            let kind = unsafe text[marker]
            place = marker + 2
            switch kind {
            case Marker.topic:
                payload.append(contentsOf: known.topic)
                place -= 1
            case Marker.id:
                payload.append(contentsOf: known.id)
                place -= 1
            case Marker.time:
                let decimals = unsafe Int(text[marker + 1] &- UInt8(ascii: "0"))
                known.appendTime(decimals: min(decimals, 6), to: &payload)
            case Marker.digits:
                let count = unsafe Int(text[marker + 1])
                unsafe payload.append(
                    hexadecimal: UnsafeRawBufferPointer(
                        rebasing: digits[digitPlace..<digitPlace + count]))
                digitPlace += count
            default:
                unsafe payload.append(text[marker + 1] & ~Marker.escapeBit)
            }
        }
    }
}
