import Glibc
import Model

/// Cuts out of payloads what need not be stored in them: values that the columns have, and the
/// halves of hexadecimal digits. `CutText` puts it back, byte for byte.
///
/// Messages of one topic have a shape in common, so each value is looked for first where the
/// message before had it: a cutter is best used for one topic.
struct PayloadCutter {
    private typealias Marker = ArchiveFormat.Marker

    /// Where a value stood in the message before, from the front and from the back.
    private struct Place {
        var front = 0
        var back = 0
    }

    /// Bytes that a marker stands for.
    private struct Cut {
        var start = Int.max
        var end = Int.max
        var marker: UInt8 = 0
        /// Follows the marker of a time.
        var decimals: UInt8 = 0
    }

    private var topicPlace = Place()
    private var timePlace = Place()
    private var idPlace = Place()

    /// Appends a payload's text and its digits, two to a byte.
    mutating func cut(
        _ payload: UnsafeRawBufferPointer, _ known: KnownValues, text: inout [UInt8],
        digits: inout [UInt8]
    ) {
        var first = unsafe Self.find(known.id, Marker.id, in: payload, &idPlace)
        var second = unsafe Self.find(known.topic, Marker.topic, in: payload, &topicPlace)
        var third = unsafe findTime(known, in: payload)
        if second.start < first.start { swap(&first, &second) }
        if third.start < second.start { swap(&second, &third) }
        if second.start < first.start { swap(&first, &second) }
        var start = 0
        unsafe Self.append(payload, before: first, from: &start, &text, &digits)
        unsafe Self.append(payload, before: second, from: &start, &text, &digits)
        unsafe Self.append(payload, before: third, from: &start, &text, &digits)
        unsafe Self.cutDigits(payload, start..<payload.count, &text, &digits)
        text.append(Marker.end)
    }

    /// Appends what stands before a cut, and the cut's marker; nothing where it is none, or reaches
    /// back into the one before.
    @inline(__always)
    private static func append(
        _ payload: UnsafeRawBufferPointer, before cut: Cut, from start: inout Int,
        _ text: inout [UInt8], _ digits: inout [UInt8]
    ) {
        guard cut.start < .max, cut.start >= start else { return }
        unsafe cutDigits(payload, start..<cut.start, &text, &digits)
        text.append(cut.marker)
        if cut.marker == Marker.time { text.append(cut.decimals) }
        start = cut.end
    }

    @inline(__always)
    private static func find(
        _ value: [UInt8], _ marker: UInt8, in payload: UnsafeRawBufferPointer,
        _ place: inout Place
    ) -> Cut {
        let start = unsafe value.withUnsafeBytes { unsafe offset(of: $0, in: payload, place) }
        guard let start = start ?? (unsafe payload.firstOffset(of: value)), !value.isEmpty else {
            return Cut()
        }
        place = Place(front: start, back: payload.count - start)
        return Cut(start: start, end: start + value.count, marker: marker)
    }

    /// Where the value stands, if it is where the message before had it.
    @inline(__always)
    private static func offset(
        of value: UnsafeRawBufferPointer, in payload: UnsafeRawBufferPointer, _ place: Place
    ) -> Int? {
        guard let base = payload.baseAddress, let wanted = value.baseAddress else { return nil }
        let last = payload.count - value.count
        if place.front <= last, unsafe memcmp(base + place.front, wanted, value.count) == 0 {
            return place.front
        }
        let start = payload.count - place.back
        if start >= 0, start <= last, unsafe memcmp(base + start, wanted, value.count) == 0 {
            return start
        }
        return nil
    }

    /// The time as a number of seconds, with as many decimals as it has there.
    private mutating func findTime(
        _ known: KnownValues, in payload: UnsafeRawBufferPointer
    ) -> Cut {
        guard known.time >= 0 else { return Cut() }
        let (seconds, fraction) = known.time.quotientAndRemainder(dividingBy: 1_000_000)
        guard let start = unsafe offset(ofSeconds: seconds, in: payload) else { return Cut() }
        timePlace = Place(front: start, back: payload.count - start)
        let (_, point) = unsafe Self.number(at: start, in: payload)
        var end = point
        var decimals = 0
        var value: Int64 = 0
        if point + 1 < payload.count, unsafe payload[point] == UInt8(ascii: "."),
            unsafe isDigit(payload[point + 1])
        {
            (value, end) = unsafe Self.number(at: point + 1, in: payload)
            decimals = end - point - 1
        }
        guard decimals <= 6 else { return Cut() }
        for _ in decimals..<6 { value *= 10 }
        guard value == fraction else { return Cut() }
        return Cut(
            start: start, end: end, marker: Marker.time,
            decimals: UInt8(ascii: "0") + UInt8(decimals))
    }

    private func offset(
        ofSeconds seconds: Int64, in payload: UnsafeRawBufferPointer
    ) -> Int? {
        let front = timePlace.front
        if unsafe Self.isNumber(seconds, at: front, in: payload) { return front }
        let back = payload.count - timePlace.back
        if unsafe Self.isNumber(seconds, at: back, in: payload) { return back }
        guard let start = unsafe payload.firstOffset(of: Array("\(seconds)".utf8)),
            unsafe Self.isNumber(seconds, at: start, in: payload)
        else { return nil }
        return start
    }

    /// Whether just this number stands there, written without leading zeros.
    @inline(__always)
    private static func isNumber(
        _ number: Int64, at start: Int, in payload: UnsafeRawBufferPointer
    ) -> Bool {
        guard start >= 0, start < payload.count, unsafe isDigit(payload[start]) else {
            return false
        }
        let (value, end) = unsafe self.number(at: start, in: payload)
        return value == number && (unsafe payload[start] != UInt8(ascii: "0") || end == start + 1)
    }

    /// The digits from `start` on as a number, as far as it can have a meaning, and their end.
    @inline(__always)
    private static func number(
        at start: Int, in payload: UnsafeRawBufferPointer
    ) -> (value: Int64, end: Int) {
        var value: Int64 = 0
        var end = start
        while unsafe end < payload.count && isDigit(payload[end]) {
            value = value &* 10 &+ Int64(unsafe payload[end] &- UInt8(ascii: "0"))
            end += 1
        }
        return (end - start < 19 ? value : -1, end)
    }

    /// Appends a part of the payload, runs of sixteen hexadecimal digits and more cut out.
    private static func cutDigits(
        _ payload: UnsafeRawBufferPointer, _ part: Range<Int>, _ text: inout [UInt8],
        _ digits: inout [UInt8]
    ) {
        var plain = part.lowerBound
        var start = part.lowerBound
        while start &+ 16 <= part.upperBound {
            // A window of sixteen, looked at from its end: most fail at the first byte.
            var place = start &+ 15
            while unsafe place >= start && isHexadecimal(payload[place]) { place &-= 1 }
            if place >= start {
                start = place &+ 1
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
        let stepBytes = ArchiveFormat.Marker.stepBytes
        while place &+ stepBytes <= count {
            let plain = unsafe ArchiveFormat.Marker.plainBytes(
                loadUnaligned(fromByteOffset: place, as: UInt64.self),
                loadUnaligned(fromByteOffset: place &+ 8, as: UInt64.self))
            place &+= plain
            if plain < stepBytes { return place }
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
