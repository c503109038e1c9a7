/// Which unflushed states a power cut leaves on stable storage.
package enum CrashChoice: Hashable, Sendable {
    /// Nothing that was not flushed.
    case nothingUnsynced
    /// Everything, as if all had been flushed at the last moment; but nothing that a failed flush
    /// had lost.
    case everything
    /// Any state of each page, size and name on its own, since its last flush.
    case random(seed: UInt64)
    /// The same, with half of the changed pages mixed from sectors of different states.
    case torn(seed: UInt64)

    var seed: UInt64 {
        switch self {
        case .nothingUnsynced, .everything: 0
        case .random(let seed), .torn(let seed): seed
        }
    }

    var tearsPages: Bool { if case .torn = self { true } else { false } }

    /// Chooses among `count` successive states, the durable one first.
    func index(of count: Int, _ random: inout SimulationRandom) -> Int {
        switch self {
        case .nothingUnsynced: 0
        case .everything: count - 1
        case .random, .torn: random.next(below: count)
        }
    }
}

/// Reproducible randomness: SplitMix64.
struct SimulationRandom {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next(below bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        word ^= word >> 31
        return Int(word.multipliedFullWidth(by: UInt64(bound)).high)
    }
}
