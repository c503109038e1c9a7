import Model
import Synchronization

/// The groups of one rule: their numbers, 1, 2, 3 ... in the order of the log, as long as they fit.
/// Number 0 stands for all that do not. Grows, and never changes what it has.
package final class RuleGroups: Sendable {
    private let state = Mutex(State())
    package let limit: Int

    private struct State {
        var table = SlotTable()
        var texts = GroupTexts()
        /// Against keys chosen to collide.
        let seed = SeededHash.processSeed

        func hash(_ key: [UInt8]) -> UInt64 {
            unsafe key.withUnsafeBytes { unsafe SeededHash.hash($0, seed: seed) }
        }

        func find(_ key: [UInt8], _ hash: UInt64) -> UInt32? {
            table.find(hash) { texts.has(key, at: $0) }
        }

        mutating func add(_ key: [UInt8], _ hash: UInt64) -> UInt32 {
            texts.append(key)
            let number = UInt32(texts.count)
            let (texts, seed) = (texts, seed)
            table.insert(number, hash) { texts.hash(of: $0, seed: seed) }
            return number
        }
    }

    package init(limit: Int) { self.limit = limit }

    package var count: Int { state.withLock { $0.texts.count } }

    /// The groups that there are now.
    package var texts: GroupTexts { state.withLock { $0.texts } }

    /// The first groups, so many.
    package func texts(upTo count: Int) -> GroupTexts {
        state.withLock { $0.texts.prefix(count) }
    }

    /// A group's number; nil where it has none.
    package func number(_ key: [UInt8]) -> UInt32? {
        state.withLock { $0.find(key, $0.hash(key)) }
    }

    /// Forgets the groups that came last, so that `count` stay.
    package func forget(from count: Int) {
        state.withLock { state in
            guard state.texts.count > count else { return }
            let kept = state.texts
            state = State()
            for number in 0..<count {
                let key = Array(kept.key(UInt32(number + 1)))
                _ = state.add(key, state.hash(key))
            }
        }
    }

    /// A group's number, which it gets now where it is new and fits; 0 for the others. To be asked
    /// in the order of the log.
    package func admit(_ key: [UInt8]) -> UInt32 {
        state.withLock { state in
            let hash = state.hash(key)
            if let known = state.find(key, hash) { return known }
            guard state.texts.hasRoom(for: key, limit: limit) else { return 0 }
            return state.add(key, hash)
        }
    }
}

/// The keys of a rule's groups, by number. Copied at the price of two blocks of memory.
package struct GroupTexts: Sendable {
    private var bytes: [UInt8] = []
    private var ends: [Int] = [0]

    package init() {}

    package var count: Int { ends.count - 1 }

    /// Whether another group is kept apart: neither are there too many, nor are they too long.
    package func hasRoom(for key: [UInt8], limit: Int) -> Bool {
        count < limit && bytes.count + key.count <= Limits.ruleGroupBytesMax
    }

    func has(_ key: [UInt8], at number: UInt32) -> Bool {
        bytes[ends[Int(number) - 1]..<ends[Int(number)]].elementsEqual(key)
    }

    func hash(of number: UInt32, seed: UInt64) -> UInt64 {
        unsafe bytes.withUnsafeBytes { all in
            let range = ends[Int(number) - 1]..<ends[Int(number)]
            return unsafe SeededHash.hash(
                UnsafeRawBufferPointer(rebasing: all[range]), seed: seed)
        }
    }

    package mutating func append(_ key: [UInt8]) {
        bytes.append(contentsOf: key)
        ends.append(bytes.count)
    }

    func prefix(_ count: Int) -> GroupTexts {
        guard count < self.count else { return self }
        var part = GroupTexts()
        part.ends = Array(ends[...count])
        part.bytes = Array(bytes[..<ends[count]])
        return part
    }

    /// The key of a group.
    /// - Parameter number: 1 to `count`.
    package func key(_ number: UInt32) -> ArraySlice<UInt8> {
        bytes[ends[Int(number) - 1]..<ends[Int(number)]]
    }

    /// The values of a group's keys.
    /// - Parameters:
    ///   - number: 0 for the others.
    ///   - keys: how many keys the rule has.
    package func values(_ number: UInt32, keys: Int) -> [[UInt8]] {
        guard number > 0, let values = GroupKey.values(key(number)) else {
            return Array(repeating: Array(RuleWords.others.utf8), count: keys)
        }
        return values
    }
}
