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

    /// Appends a message's payload as it was.
    /// - Parameter message: below `count`.
    func append(_ message: Int, _ known: KnownValues, to payload: inout [UInt8]) {
        let (start, digitStart) = starts[message]
        let end = starts[message + 1].text - 1
        unsafe text.withUnsafeBytes { whole in
            let bytes = unsafe UnsafeRawBufferPointer(rebasing: whole[start..<end])
            var place = 0
            var digitPlace = digitStart
            while place < bytes.count {
                let marker = unsafe bytes.nextMarker(from: place)
                unsafe payload.append(
                    contentsOf: UnsafeRawBufferPointer(rebasing: bytes[place..<marker]))
                guard marker < bytes.count else { return }
                place = marker + 1
                let kind = unsafe bytes[marker]
                switch kind {
                case Marker.topic: payload.append(contentsOf: known.topic)
                case Marker.id: payload.append(contentsOf: known.id)
                default:
                    let argument = unsafe bytes[place]
                    place += 1
                    append(kind, argument, known, &digitPlace, to: &payload)
                }
            }
        }
    }

    private func append(
        _ marker: UInt8, _ argument: UInt8, _ known: KnownValues, _ digitPlace: inout Int,
        to payload: inout [UInt8]
    ) {
        switch marker {
        case Marker.time:
            let decimals = Int(argument &- UInt8(ascii: "0"))
            known.appendTime(decimals: min(decimals, 6), to: &payload)
        case Marker.digits:
            payload.append(hexadecimal: digits[digitPlace..<digitPlace + Int(argument)])
            digitPlace += Int(argument)
        default:
            payload.append(argument & ~Marker.escapeBit)
        }
    }
}
