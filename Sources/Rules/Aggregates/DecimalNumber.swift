import Model

/// A number with six decimals, exactly: sums of these do not depend on their order, as those of
/// floating point would.
package struct DecimalNumber: Hashable, Comparable, Sendable {
    /// In millionths.
    package var millionths: Int128

    static let decimals = 6

    package init(millionths: Int128) { self.millionths = millionths }

    /// Reads a number as JSON or Python writes it. Digits behind the sixth decimal are dropped.
    /// - Returns: nil where the text is no finite number, or beyond +-10^18.
    package init?(_ text: UnsafeRawBufferPointer) {
        var place = 0
        let isNegative = unsafe text.first == UInt8(ascii: "-")
        if isNegative { place = 1 }
        var digits = 0
        var value: Int128 = 0
        /// How many of the digits stand behind the point.
        var behind = 0
        var hasPoint = false
        // Digits that no accepted number needs are skipped, and their places counted.
        var skipped = 0
        loop: while place < text.count {
            let byte = unsafe text[place]
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits += 1
                if hasPoint { behind += 1 }
                if value < Self.digitsKept {
                    value = value * 10 + Int128(byte - UInt8(ascii: "0"))
                } else {
                    skipped += 1
                }
            case UInt8(ascii: ".") where !hasPoint: hasPoint = true
            default: break loop
            }
            place += 1
        }
        var exponent = 0
        if place < text.count {
            guard let found = unsafe Self.exponent(text, from: place) else { return nil }
            exponent = found
        }
        guard digits > 0 else { return nil }
        // value * 10^scale millionths.
        var scale = exponent - behind + skipped + Self.decimals
        if value == 0 { scale = 0 }
        while scale < 0 && value != 0 {
            value /= 10
            scale += 1
        }
        while scale > 0 && value != 0 {
            value *= 10
            scale -= 1
            if value > Self.largest { return nil }
        }
        guard value <= Self.largest else { return nil }
        millionths = isNegative ? -value : value
    }

    /// 10^24 millionths are 10^18.
    private static let largest = power(Limits.ruleNumberDigitsMax + decimals)
    private static let digitsKept = power(Limits.ruleNumberDigitsMax + decimals + 2)

    private static func power(_ exponent: Int) -> Int128 {
        (0..<exponent).reduce(1) { product, _ in product * 10 }
    }

    private static func exponent(_ text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard unsafe text[start] | 0x20 == UInt8(ascii: "e") else { return nil }
        var place = start + 1
        var isNegative = false
        if place < text.count, unsafe text[place] == UInt8(ascii: "-") || text[place] == 0x2b {
            isNegative = unsafe text[place] == UInt8(ascii: "-")
            place += 1
        }
        guard place < text.count, text.count - place <= 4 else { return nil }
        var value = 0
        while place < text.count {
            let digit = unsafe text[place] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
            place += 1
        }
        return isNegative ? -value : value
    }

    package static func < (left: Self, right: Self) -> Bool { left.millionths < right.millionths }

    /// The number in decimal digits, without needless zeros.
    package var text: String {
        let magnitude = millionths.magnitude
        var text = (millionths < 0 ? "-" : "") + "\(magnitude / 1_000_000)"
        let fraction = UInt64(magnitude % 1_000_000)
        guard fraction > 0 else { return text }
        var digits = String(String(1_000_000 + fraction).dropFirst())
        while digits.last == "0" { digits.removeLast() }
        text += "." + digits
        return text
    }
}
