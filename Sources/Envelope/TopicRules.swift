import Model

/// Finds the rule of a topic: by its pattern once, then from a table of the topics seen.
struct TopicRules {
    private struct Slot {
        var start: UInt32 = 0
        var length: UInt16 = 0
        /// One more than the rule's number; 0 for an empty slot.
        var rule: UInt16 = 0
    }

    /// Past so many topics the table begins anew: a bus has hundreds.
    private static let topicsMax = 4_096
    private static let slotCount = 4 * topicsMax

    private let rules: [ExtractionRule]
    /// Made when the first message needs them: a bus uses few of a profile's rules.
    private var compiled: [CompiledRule?]
    private var slots = ContiguousArray(repeating: Slot(), count: slotCount)
    private var texts: [UInt8] = []
    private var count = 0

    init(_ profile: Profile) {
        rules = profile.rules + [profile.otherwise]
        compiled = Array(repeating: nil, count: rules.count)
    }

    /// The rule that counts for `topic`.
    mutating func rule(of topic: UnsafeRawBufferPointer) -> CompiledRule {
        var place = unsafe Int(truncatingIfNeeded: Checksum.crc32c(topic)) & (Self.slotCount - 1)
        while slots[place].rule != 0 {
            if unsafe holds(slots[place], topic) { return rule(Int(slots[place].rule) - 1) }
            place = (place + 1) & (Self.slotCount - 1)
        }
        let number = unsafe match(topic)
        if count == Self.topicsMax {
            slots = ContiguousArray(repeating: Slot(), count: Self.slotCount)
            texts.removeAll(keepingCapacity: true)
            count = 0
            place = unsafe Int(truncatingIfNeeded: Checksum.crc32c(topic)) & (Self.slotCount - 1)
        }
        slots[place] = Slot(
            start: UInt32(texts.count), length: UInt16(topic.count), rule: UInt16(number + 1))
        unsafe texts.append(contentsOf: topic)
        count += 1
        return rule(number)
    }

    @inline(__always)
    private mutating func rule(_ number: Int) -> CompiledRule {
        if let known = compiled[number] { return known }
        let made = CompiledRule(rules[number])
        compiled[number] = made
        return made
    }

    private func holds(_ slot: Slot, _ topic: UnsafeRawBufferPointer) -> Bool {
        guard Int(slot.length) == topic.count else { return false }
        return unsafe texts.withUnsafeBytes { all in
            unsafe bytesEqual(
                UnsafeRawBufferPointer(
                    rebasing: all[Int(slot.start)..<Int(slot.start) + topic.count]), topic)
        }
    }

    private func match(_ topic: UnsafeRawBufferPointer) -> Int {
        let tokens = unsafe TopicPattern.tokens(of: String(decoding: topic, as: UTF8.self))
        let matching = rules.dropLast().firstIndex { rule in
            rule.patterns.contains { $0.matches(tokens) }
        }
        return matching ?? rules.count - 1
    }
}
