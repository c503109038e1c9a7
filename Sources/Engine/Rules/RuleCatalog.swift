import MessageLog
import Model
import Rules

/// Which rules there are: a function of the log's control records, in their order.
package struct RuleCatalog: Sendable {
    package struct Entry: Sendable {
        package let number: UInt32
        package let definition: String
        /// Nil where the definition is of a later version, or no rule.
        package let program: RuleProgram?
        /// By width, in seconds since 1970: buckets that begin before are not kept.
        package fileprivate(set) var horizons: [Int64: Int64] = [:]

        package var name: String { program?.rule.name ?? "rule \(number)" }
    }

    /// By number, ascending.
    package private(set) var entries: [Entry] = []
    private var last: UInt32 = 0

    init() {}

    init(_ log: LogSnapshot) {
        for (_, record) in log.controls where record.kind == Record.Kind.rule {
            if let note = RuleNote(record.payload) { take(note) }
        }
    }

    package var nextNumber: UInt32 { last + 1 }

    package func entry(named name: String) -> Entry? { entries.first { $0.name == name } }

    mutating func take(_ note: RuleNote) {
        switch note {
        case .created(let number, let definition):
            // Numbers ascend in the log; anything else was not written by this program.
            guard number > last else { return }
            last = number
            entries.append(
                Entry(number: number, definition: definition, program: Self.program(definition)))
        case .dropped(let number): entries.removeAll { $0.number == number }
        case .horizon(let number, let width, let before):
            guard let place = entries.firstIndex(where: { $0.number == number }) else { return }
            let known = entries[place].horizons[width] ?? .min
            entries[place].horizons[width] = max(known, before.seconds)
        }
    }

    private static func program(_ definition: String) -> RuleProgram? {
        guard let rule = try? RuleReader.rule(Array(definition.utf8), file: "the log") else {
            return nil
        }
        return try? RuleProgram(rule)
    }
}
