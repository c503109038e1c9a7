/// The exact sum of numbers, and how many they are.
package struct NumberSum: Hashable, Sendable {
    package private(set) var count: UInt64 = 0
    package private(set) var total = DecimalNumber(millionths: 0)

    init() {}

    mutating func add(_ number: DecimalNumber) {
        count += 1
        // 2^40 numbers of 10^24 millionths fit; the log has no more messages than that.
        total.millionths &+= number.millionths
    }

    mutating func merge(_ other: NumberSum) {
        count += other.count
        total.millionths &+= other.total.millionths
    }

    func encode(to bytes: inout [UInt8]) {
        bytes.append(packed: count)
        bytes.append(packed: total.millionths)
    }

    init(_ reader: inout PackedReader) throws(PackedDamage) {
        count = unsafe try reader.number()
        total = DecimalNumber(millionths: unsafe try reader.signed())
    }
}
