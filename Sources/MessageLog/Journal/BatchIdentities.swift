import Model

/// The messages accepted into the batch in the making, by id: they are in no columns yet.
struct BatchIdentities {
    private struct Entry {
        var id: MessageID
        var time: Int64
        var arrivalTime: Bool
        var sequence: UInt64
        var slot: Int
    }

    private var entries: [Entry] = []
    /// Place in `entries` + 1, or 0; open addressing.
    private var slots: [UInt32] = Array(repeating: 0, count: 64)

    mutating func removeAll() {
        for entry in entries { slots[entry.slot] = 0 }
        entries.removeAll(keepingCapacity: true)
    }

    /// The sequence of the first message in the batch that one of `id` at `time` repeats.
    func duplicate(of id: MessageID, at time: Timestamp, arrivalTime: Bool) -> UInt64? {
        var slot = home(id)
        while slots[slot] != 0 {
            let entry = entries[Int(slots[slot]) - 1]
            if entry.id == id,
                DuplicateWindow.holds(
                    entry.time, time.microseconds, timeless: arrivalTime || entry.arrivalTime)
            {
                return entry.sequence
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    mutating func insert(
        _ id: MessageID, at time: Timestamp, arrivalTime: Bool, sequence: UInt64
    ) {
        if (entries.count + 1) * 2 > slots.count { grow() }
        let slot = freeSlot(id)
        entries.append(
            Entry(
                id: id, time: time.microseconds, arrivalTime: arrivalTime, sequence: sequence,
                slot: slot))
        slots[slot] = UInt32(entries.count)
    }

    private func home(_ id: MessageID) -> Int {
        let hash = SeededHash.hash(id.high, id.low, seed: SeededHash.processSeed)
        return Int(truncatingIfNeeded: hash) & (slots.count - 1)
    }

    private func freeSlot(_ id: MessageID) -> Int {
        var slot = home(id)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        for place in entries.indices {
            let slot = freeSlot(entries[place].id)
            entries[place].slot = slot
            slots[slot] = UInt32(place + 1)
        }
    }
}
