/// Base 64 with padding, RFC 4648: rejected bytes may be anything, and their file is text.
enum Base64 {
    private static let digits = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xff, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    static func append(_ bytes: [UInt8], to text: inout [UInt8]) {
        var at = 0
        while at < bytes.count {
            let left = min(3, bytes.count - at)
            var group = UInt32(bytes[at]) << 16
            if left > 1 { group |= UInt32(bytes[at + 1]) << 8 }
            if left > 2 { group |= UInt32(bytes[at + 2]) }
            for place in 0..<4 {
                let digit = digits[Int(group >> (18 - 6 * UInt32(place)) & 0x3f)]
                text.append(place <= left ? digit : UInt8(ascii: "="))
            }
            at += 3
        }
    }

    /// The bytes of a text, or nil if it is not base 64.
    static func bytes(of text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var group: UInt32 = 0
        var count = 0
        let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
        for digit in text.dropLast(padding) {
            let value = values[Int(digit)]
            guard value != 0xff else { return nil }
            group = group << 6 | UInt32(value)
            count += 1
            if count == 4 {
                bytes += [
                    UInt8(truncatingIfNeeded: group >> 16), UInt8(truncatingIfNeeded: group >> 8),
                    UInt8(truncatingIfNeeded: group),
                ]
                (group, count) = (0, 0)
            }
        }
        switch (count, padding) {
        case (0, 0): break
        case (2, 2): bytes.append(UInt8(truncatingIfNeeded: group >> 4))
        case (3, 1):
            bytes += [
                UInt8(truncatingIfNeeded: group >> 10), UInt8(truncatingIfNeeded: group >> 2),
            ]
        default: return nil
        }
        return bytes
    }
}
