import Glibc
import Model

/// Cuts out of payloads what need not be stored in them: values that the columns have, and the
/// halves of hexadecimal digits. `CutText` puts it back, byte for byte.
///
/// Neighbours in an archive are of one topic and have a shape in common, so each value is looked
/// for first where the message before had it.
struct PayloadCutter {
    private typealias Marker = ArchiveFormat.Marker

    /// Where a value stood in the message before, from the front and from the back.
    private struct Place {
        var front = 0
        var back = 0
    }

    private struct Cut {
        var range: Range<Int>
        var marker: [UInt8]
    }

    private var topicPlace = Place()
    private var timePlace = Place()
    private var idPlace = Place()

    /// Appends a payload's text and its digits, two to a byte.
    mutating func cut(
        _ payload: UnsafeRawBufferPointer, _ known: KnownValues, text: inout [UInt8],
        digits: inout [UInt8]
    ) {
        var cuts: [Cut] = []
        if let range = unsafe Self.find(known.id, in: payload, &idPlace) {
            cuts.append(Cut(range: range, marker: [Marker.id]))
        }
        if let range = unsafe Self.find(known.topic, in: payload, &topicPlace) {
            cuts.append(Cut(range: range, marker: [Marker.topic]))
        }
        if let cut = unsafe findTime(known, in: payload) { cuts.append(cut) }
        cuts.sort { $0.range.lowerBound < $1.range.lowerBound }
        var start = 0
        for cut in cuts where cut.range.lowerBound >= start {
            unsafe Self.cutDigits(payload, start..<cut.range.lowerBound, &text, &digits)
            text.append(contentsOf: cut.marker)
            start = cut.range.upperBound
        }
        unsafe Self.cutDigits(payload, start..<payload.count, &text, &digits)
        text.append(Marker.end)
    }

    private static func find(
        _ value: [UInt8], in payload: UnsafeRawBufferPointer, _ place: inout Place
    ) -> Range<Int>? {
        let length = value.count
        guard length > 0, length <= payload.count, let base = payload.baseAddress else {
            return nil
        }
        for start in [place.front, payload.count - place.back]
        where start >= 0 && start + length <= payload.count {
            if unsafe memcmp(base + start, value, length) == 0 { return start..<start + length }
        }
        guard let start = unsafe payload.firstOffset(of: value) else { return nil }
        place = Place(front: start, back: payload.count - start)
        return start..<start + length
    }

    /// The time as a number of seconds, with as many decimals as it has there.
    private mutating func findTime(
        _ known: KnownValues, in payload: UnsafeRawBufferPointer
    ) -> Cut? {
        let whole = KnownValues(time: known.time - known.time % 1_000_000).timeText(decimals: 0)
        guard let whole, let range = unsafe Self.find(whole, in: payload, &timePlace) else {
            return nil
        }
        var end = range.upperBound
        if end + 1 < payload.count, unsafe payload[end] == UInt8(ascii: "."),
            unsafe isDigit(payload[end + 1])
        {
            end += 1
            while unsafe end < payload.count && isDigit(payload[end]) { end += 1 }
        } else if unsafe end < payload.count && isDigit(payload[end]) {
            return nil
        }
        let decimals = max(0, end - range.upperBound - 1)
        guard decimals <= 6, let text = known.timeText(decimals: decimals),
            unsafe text.elementsEqual(payload[range.lowerBound..<end])
        else { return nil }
        return Cut(
            range: range.lowerBound..<end,
            marker: [Marker.time, UInt8(ascii: "0") + UInt8(decimals)])
    }

    /// Appends a part of the payload, runs of sixteen hexadecimal digits and more cut out.
    private static func cutDigits(
        _ payload: UnsafeRawBufferPointer, _ part: Range<Int>, _ text: inout [UInt8],
        _ digits: inout [UInt8]
    ) {
        var plain = part.lowerBound
        var start = part.lowerBound
        while start + 16 <= part.upperBound {
            // A window of sixteen, looked at from its end: most fail at the first byte.
            var place = start + 15
            while unsafe place >= start && isHexadecimal(payload[place]) { place -= 1 }
            if place >= start {
                start = place + 1
                continue
            }
            var end = start + 16
            while unsafe end < part.upperBound && isHexadecimal(payload[end]) { end += 1 }
            let pairs = min((end - start) / 2, 255)
            unsafe appendPlain(payload, plain..<start, &text)
            text.append(Marker.digits)
            text.append(UInt8(pairs))
            for pair in 0..<pairs {
                let high = unsafe hexadecimalValue(payload[start + 2 * pair])
                let low = unsafe hexadecimalValue(payload[start + 2 * pair + 1])
                digits.append(high << 4 | low)
            }
            start += 2 * pairs
            plain = start
        }
        unsafe appendPlain(payload, plain..<part.upperBound, &text)
    }

    private static func appendPlain(
        _ payload: UnsafeRawBufferPointer, _ part: Range<Int>, _ text: inout [UInt8]
    ) {
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: payload[part])
        var start = 0
        while start < bytes.count {
            let marker = unsafe bytes.nextMarker(from: start)
            unsafe text.append(
                contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start..<marker]))
            if marker < bytes.count {
                text.append(Marker.escape)
                unsafe text.append(bytes[marker] | Marker.escapeBit)
            }
            start = marker + 1
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Where the first byte below `Marker.first` stands, from `start` on; the end if none does.
    @inline(__always)
    func nextMarker(from start: Int) -> Int {
        var place = start
        // Eight at a time: a byte below 8 borrows from its highest bit, which it lacks itself.
        while place &+ 8 <= count {
            let word = unsafe loadUnaligned(fromByteOffset: place, as: UInt64.self)
            if (word &- 0x0808_0808_0808_0808) & ~word & 0x8080_8080_8080_8080 != 0 { break }
            place &+= 8
        }
        while place < count, unsafe self[place] >= ArchiveFormat.Marker.first { place &+= 1 }
        return place
    }
}

@inline(__always)
private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

@inline(__always)
private func isHexadecimal(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte &- UInt8(ascii: "a") < 6
}

/// - Parameter digit: of which `isHexadecimal` is true.
@inline(__always)
private func hexadecimalValue(_ digit: UInt8) -> UInt8 {
    isDigit(digit) ? digit - UInt8(ascii: "0") : digit - UInt8(ascii: "a") + 10
}
