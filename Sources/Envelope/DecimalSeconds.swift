/// Reads seconds in decimal text as whole microseconds, without going through a `Double`: a time
/// such as 1344350850.886738 has no exact one, and its sixth digit must survive.
enum DecimalSeconds {
    /// The powers of ten that an Int64 holds.
    private static let powers: [Int64] = (0...18).map { exponent in
        (0..<exponent).reduce(Int64(1)) { power, _ in power * 10 }
    }

    /// The most digits that are read; what follows them is below a microsecond or out of range.
    private static let digitsMax = 18

    /// - Parameter text: a number by the grammar of JSON, already checked.
    /// - Returns: microseconds, a half rounded up (away from zero), or nil where an Int64 cannot
    ///   hold
    ///   them.
    static func microseconds(_ text: UnsafeRawBufferPointer) -> Int64? {
        var digits: Int64 = 0
        var digitCount = 0
        // The value is digits * 10^scale.
        var scale = 0
        var position = 0
        let negative = unsafe !text.isEmpty && text[0] == UInt8(ascii: "-")
        var behindPoint = false
        if negative { position = 1 }
        while position < text.count {
            let byte = unsafe text[position]
            if byte == UInt8(ascii: ".") {
                behindPoint = true
            } else if byte | 0x20 == UInt8(ascii: "e") {
                let exponent = unsafe exponent(
                    UnsafeRawBufferPointer(rebasing: text[(position + 1)...]))
                scale += exponent
                break
            } else if digitCount == digitsMax {
                if !behindPoint { scale += 1 }
            } else {
                digits = digits * 10 + Int64(byte &- UInt8(ascii: "0"))
                if digits != 0 { digitCount += 1 }
                if behindPoint { scale -= 1 }
            }
            position += 1
        }
        guard let magnitude = scaled(digits, by: scale + 6) else { return nil }
        return negative ? -magnitude : magnitude
    }

    /// The value of an exponent, within bounds that no time reaches.
    private static func exponent(_ text: UnsafeRawBufferPointer) -> Int {
        var value = 0
        var negative = false
        for place in text.indices {
            let byte = unsafe text[place]
            switch byte {
            case UInt8(ascii: "-"): negative = true
            case UInt8(ascii: "+"): break
            default: value = min(value * 10 + Int(byte &- UInt8(ascii: "0")), 100_000_000)
            }
        }
        return negative ? -value : value
    }

    private static func scaled(_ digits: Int64, by exponent: Int) -> Int64? {
        if digits == 0 { return 0 }
        if exponent >= 0 {
            guard exponent < powers.count else { return nil }
            let product = digits.multipliedReportingOverflow(by: powers[exponent])
            return product.overflow ? nil : product.partialValue
        }
        // Eighteen digits over 10^19 are less than a half.
        guard -exponent < powers.count else { return 0 }
        let power = powers[-exponent]
        let quotient = digits / power
        return digits % power >= power - power / 2 ? quotient + 1 : quotient
    }
}
