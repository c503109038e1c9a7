extension Accumulator {
    /// Makes room for ids up to `id`, so that single messages can be added to them.
    package mutating func prepare(upTo id: UInt32) { reserve(ids: Int(id) + 1) }

    /// Adds single messages to one id, for which room was made: what tallies do not cover.
    package mutating func add(messages: UInt64, to id: UInt32) {
        if hasSubtracted { mayListTwice() }
        let isInside = add(UInt64(id), messages)
        precondition(isInside, "room was made for every known name")
    }
}
