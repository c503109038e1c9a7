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
            /// A bit for each marker of a value that the message has had.
            var met: UInt8 = 0
            while true {
                place = unsafe bytes.nextMarker(from: place)
                guard place < bytes.count else { break }
                let marker = unsafe bytes[place]
                switch marker {
                case Marker.end:
                    starts.append((place + 1, digitPlace))
                    met = 0
                case Marker.topic, Marker.id, Marker.time:
                    guard met & 1 << marker == 0 else { return false }
                    met |= 1 << marker
                    guard marker == Marker.time else { break }
                    guard place + 1 < bytes.count else { return false }
                    place += 1
                case Marker.digits, Marker.escape:
                    guard place + 1 < bytes.count else { return false }
                    if marker == Marker.digits {
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
        let most = PayloadWriter.bytesMax(text: text.count, digits: digits.count, known)
        payload.append(addingCapacity: most) { span in
            unsafe span.withUnsafeMutableBufferPointer { room, count in
                var writer = unsafe PayloadWriter(room)
                unsafe write(text, digits, known, to: &writer)
                count = writer.count
            }
        }
    }

    private static func write(
        _ text: UnsafeRawBufferPointer, _ digits: UnsafeRawBufferPointer, _ known: KnownValues,
        to payload: inout PayloadWriter
    ) {
        var place = 0
        var digitPlace = 0
        while true {
            unsafe payload.copyPlain(text, from: &place)
            guard place + 1 < text.count else { return }
            let parameter = unsafe text[place + 1]
            switch unsafe text[place] {
            case Marker.topic:
                payload.put(known.topic)
                place += 1
                continue
            case Marker.id:
                payload.put(known.id)
                place += 1
                continue
            case Marker.time:
                let decimals = Int(parameter &- UInt8(ascii: "0"))
                payload.put(time: known.time, decimals: min(decimals, 6))
            case Marker.digits:
                let end = digitPlace + Int(parameter)
                unsafe payload.put(
                    hexadecimal: UnsafeRawBufferPointer(rebasing: digits[digitPlace..<end]))
                digitPlace = end
            default:
                payload.put(parameter & ~Marker.escapeBit)
            }
            place += 2
        }
    }
}
