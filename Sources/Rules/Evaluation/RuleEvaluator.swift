import Envelope
import Model

/// Holds messages against rules: one parse of a message for any number of them. For one thread.
package struct RuleEvaluator: ~Copyable {
    private let search: FieldSearch
    /// The texts of the keys, one behind the other, and for each key where its texts stand.
    private var texts: [UInt8] = []
    private var ranges: [[Range<Int>]] = []
    private var places: [Int] = []
    private var key: [UInt8] = []
    private var contribution = RuleContribution()

    package init(aliases: Aliases = .none) { search = FieldSearch(aliases: aliases) }

    /// Begins the next message.
    /// - Parameter payload: valid until the next call; none where no rule needs it.
    /// - Returns: false if it is no message's.
    package func begin(_ payload: UnsafeRawBufferPointer) -> Bool {
        unsafe search.begin(payload)
    }

    /// Calls `body` with every group that the message counts for, and what it adds to each. Its
    /// topic is one that the rule wants.
    package mutating func evaluate(
        _ program: RuleProgram, _ message: RuleMessage,
        _ body: (_ group: [UInt8], _ contribution: RuleContribution) -> Void
    ) {
        guard hasNames(program, message) else { return }
        for condition in program.conditions where !search.finds(condition) { return }
        guard collectKeys(program, message) else { return }
        contribute(program, message)
        places.removeAll(keepingCapacity: true)
        places.append(contentsOf: repeatElement(0, count: program.keys.count))
        for _ in 0..<Limits.ruleGroupsPerMessageMax {
            key.removeAll(keepingCapacity: true)
            for (number, place) in places.enumerated() {
                GroupKey.append(texts[ranges[number][place]], to: &key)
            }
            body(key, contribution)
            guard turn() else { return }
        }
    }

    private func hasNames(_ program: RuleProgram, _ message: RuleMessage) -> Bool {
        for test in program.names {
            let own = message.names[Int(test.dimension.code)]
            let meets = own.contains { test.names.contains($0) }
            if meets == test.isExcluded { return false }
        }
        return true
    }

    /// Leaves the texts of all keys; false if one has none.
    private mutating func collectKeys(_ program: RuleProgram, _ message: RuleMessage) -> Bool {
        texts.removeAll(keepingCapacity: true)
        while ranges.count < program.keys.count { ranges.append([]) }
        for (number, input) in program.keys.enumerated() {
            ranges[number].removeAll(keepingCapacity: true)
            switch input {
            case .dimension(let dimension):
                for name in message.names[Int(dimension.code)] { add(name, number) }
            case .field(let field):
                unsafe search.forEach(field) { text in unsafe add(text, number) }
            }
            if ranges[number].isEmpty { return false }
        }
        return true
    }

    /// Adds a text of a key, once.
    private mutating func add(_ text: some Collection<UInt8>, _ number: Int) {
        guard !text.isEmpty, text.count <= Limits.nameBytesMax,
            ranges[number].count < Limits.ruleGroupsPerMessageMax,
            !ranges[number].contains(where: { texts[$0].elementsEqual(text) })
        else { return }
        ranges[number].append(texts.count..<texts.count + text.count)
        texts.append(contentsOf: text)
    }

    /// Goes on to the next combination, the last key turning fastest; false after the last.
    private mutating func turn() -> Bool {
        for number in places.indices.reversed() {
            places[number] += 1
            if places[number] < ranges[number].count { return true }
            places[number] = 0
        }
        return false
    }

    private mutating func contribute(_ program: RuleProgram, _ message: RuleMessage) {
        contribution.begin(program)
        for place in program.shapes.indices {
            let inputs = program.aggregates[place]
            switch program.shapes[place] {
            case .latest:
                let texts = inputs.map { firstText($0, message) }
                contribution.newest[place] = LatestEntry(
                    LatestEntry.Message(
                        time: message.time, sequence: message.sequence, texts: texts))
            case .distinct:
                var hashes = contribution.hashes[place]
                contribution.hashes[place] = []
                unsafe forEach(inputs[0], message) { text in
                    unsafe hashes.append(DistinctSketch.hash(text))
                }
                contribution.hashes[place] = hashes
            default:
                var numbers = contribution.numbers[place]
                contribution.numbers[place] = []
                unsafe forEach(inputs[0], message) { text in
                    if let number = unsafe DecimalNumber(text) { numbers.append(number) }
                }
                contribution.numbers[place] = numbers
            }
        }
    }

    private func forEach(
        _ input: RuleProgram.Input, _ message: RuleMessage,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        switch input {
        case .dimension(let dimension):
            for name in message.names[Int(dimension.code)] {
                unsafe name.withUnsafeBytes { unsafe body($0) }
            }
        case .field(let field): unsafe search.forEach(field, body)
        }
    }

    private func firstText(_ input: RuleProgram.Input, _ message: RuleMessage) -> [UInt8]? {
        var found: [UInt8]?
        unsafe forEach(input, message) { text in
            if found == nil, text.count <= Limits.nameBytesMax { found = unsafe Array(text) }
        }
        return found
    }
}
