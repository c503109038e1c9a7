import Model

/// What one message adds to each group that it counts for. Reused from message to message.
package struct RuleContribution {
    /// By the aggregate's place: what there is for it.
    var numbers: [[DecimalNumber]] = []
    var hashes: [[UInt64]] = []
    var newest: [LatestEntry?] = []

    package init() {}

    mutating func begin(_ program: RuleProgram) {
        let count = program.shapes.count
        while numbers.count < count {
            numbers.append([])
            hashes.append([])
            newest.append(nil)
        }
        for place in 0..<count {
            numbers[place].removeAll(keepingCapacity: true)
            hashes[place].removeAll(keepingCapacity: true)
            newest[place] = nil
        }
    }

    /// Adds the message to a group's state.
    package func add(to state: inout GroupState) {
        state.count += 1
        for place in state.parts.indices {
            for number in numbers[place] { state.parts[place].add(number) }
            for hash in hashes[place] { state.parts[place].add(hash: hash) }
            if let entry = newest[place] { state.parts[place].merge(.latest(entry)) }
        }
    }

    /// The message as a group's state of its own.
    package func state(_ program: RuleProgram) -> GroupState {
        var state = program.nothing
        add(to: &state)
        return state
    }
}
