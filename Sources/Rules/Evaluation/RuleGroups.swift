import Model
import Synchronization

/// The groups of one rule: their numbers, 1, 2, 3 ... in the order of the log, as long as they fit.
/// Number 0 stands for all that do not. Grows, and never changes what it has.
package final class RuleGroups: Sendable {
    private let state = Mutex(State())
    package let limit: Int

    private struct State {
        var numbers: [[UInt8]: UInt32] = [:]
        var texts = GroupTexts()
    }

    package init(limit: Int) { self.limit = limit }

    package var count: Int { state.withLock { $0.texts.count } }

    /// The groups that there are now.
    package var texts: GroupTexts { state.withLock { $0.texts } }

    /// A group's number; nil where it has none.
    package func number(_ key: [UInt8]) -> UInt32? { state.withLock { $0.numbers[key] } }

    /// Forgets the groups that came last, so that `count` stay.
    package func forget(from count: Int) {
        state.withLock { state in
            while state.texts.count > count {
                state.numbers[Array(state.texts.key(UInt32(state.texts.count)))] = nil
                state.texts.removeLast()
            }
        }
    }

    /// A group's number, which it gets now where it is new and fits; 0 for the others. To be asked
    /// in the order of the log.
    package func admit(_ key: [UInt8]) -> UInt32 {
        state.withLock { state in
            if let known = state.numbers[key] { return known }
            guard state.texts.count < limit else { return 0 }
            state.texts.append(key)
            let number = UInt32(state.texts.count)
            state.numbers[key] = number
            return number
        }
    }
}

/// The keys of a rule's groups, by number. Copied at the price of two blocks of memory.
package struct GroupTexts: Sendable {
    private var bytes: [UInt8] = []
    private var ends: [Int] = [0]

    package init() {}

    package var count: Int { ends.count - 1 }

    mutating func append(_ key: [UInt8]) {
        bytes.append(contentsOf: key)
        ends.append(bytes.count)
    }

    mutating func removeLast() {
        ends.removeLast()
        bytes.removeLast(bytes.count - ends[ends.count - 1])
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
