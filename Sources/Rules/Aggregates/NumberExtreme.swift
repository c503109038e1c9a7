/// The smallest, or the largest, of numbers.
package struct NumberExtreme: Hashable, Sendable {
    /// Nil where there was no number.
    package private(set) var number: DecimalNumber?

    init() {}

    mutating func add(_ other: DecimalNumber, largest: Bool) {
        guard let number else { return number = other }
        self.number = largest ? max(number, other) : min(number, other)
    }

    mutating func merge(_ other: NumberExtreme, largest: Bool) {
        if let number = other.number { add(number, largest: largest) }
    }

    func encode(to bytes: inout [UInt8]) {
        bytes.append(number == nil ? 0 : 1)
        if let number { bytes.append(packed: number.millionths) }
    }

    init(_ reader: inout PackedReader) throws(PackedDamage) {
        if unsafe try reader.byte() == 1 {
            number = DecimalNumber(millionths: unsafe try reader.signed())
        }
    }
}
