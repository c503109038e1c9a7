import Model

/// Places by hash: a table of numbers with open addressing. What is at a place, and whether it is
/// what is sought, its owner knows.
struct SlotTable {
    /// Numbers from 1 on; 0 for an empty slot.
    private var slots: [UInt32]
    private(set) var count = 0

    init() { slots = Array(repeating: 0, count: 64) }

    /// The number for which `isSought` holds among those of a hash; nil if there is none.
    @inline(__always)
    func find(_ hash: UInt64, _ isSought: (UInt32) -> Bool) -> UInt32? {
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while true {
            let number = slots[place]
            if number == 0 { return nil }
            if isSought(number) { return number }
            place = (place + 1) & mask
        }
    }

    /// Adds a number that is not there.
    /// - Parameter hashOf: gives any number's hash, where the table grows.
    mutating func insert(_ number: UInt32, _ hash: UInt64, hashOf: (UInt32) -> UInt64) {
        if 2 * (count + 1) > slots.count {
            let old = slots
            slots = Array(repeating: 0, count: 2 * old.count)
            for known in old where known != 0 { put(known, hashOf(known)) }
        }
        put(number, hash)
        count += 1
    }

    mutating func removeAll() { self = SlotTable() }

    private mutating func put(_ number: UInt32, _ hash: UInt64) {
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while slots[place] != 0 { place = (place + 1) & mask }
        slots[place] = number
    }
}
