import Engine
import Model
public import Rules

/// How far a rule has been computed.
public struct RuleProgress: Hashable, Sendable {
    public let name: String
    /// The last sequence of the log that it covers, and the log's end.
    public let sequence: UInt64
    public let end: UInt64
    /// Groups that are kept apart.
    public let groups: Int
    /// Messages that count for the others, since there were too many groups before.
    public let others: UInt64
    /// From when on it has every message, in microseconds since 1970; nil where it has all. What
    /// lies before had lost its payload when the rule was computed.
    public let completeFrom: Timestamp?
    /// What keeps it from being computed; nil if nothing does.
    public let failure: String?

    init(_ report: RuleReport) {
        name = report.name
        sequence = report.position
        end = report.end
        groups = report.groups
        others = report.others
        completeFrom = report.completeFrom
        failure = report.failure
    }
}

extension Store {
    /// Adds a rule, durably. It is computed over the whole log in the background, and kept up with
    /// every message that comes; `ask(.rule(...))` asks it.
    /// - Throws: `StoreError` if the rule has a mistake, if there is one of its name or there are
    ///   too many, or if the log takes nothing.
    public func create(_ rule: Rule) throws(StoreError) {
        do { _ = try engine.create(rule) } catch { throw StoreError(error) }
    }

    /// Adds the rule, or puts it in the place of the one of its name. The same rule changes
    /// nothing; another one is computed from the beginning of the log.
    /// - Returns: whether anything has changed.
    /// - Throws: `StoreError` as `create`.
    @discardableResult
    public func replace(_ rule: Rule) throws(StoreError) -> Bool {
        do { return try engine.replace(rule) != .unchanged } catch { throw StoreError(error) }
    }

    /// Drops a rule, and all that was computed of it.
    /// - Throws: `StoreError` if there is none of that name.
    public func dropRule(_ name: String) throws(StoreError) {
        do { try engine.dropRule(name) } catch { throw StoreError(error) }
    }

    /// All rules, by name.
    public var rules: [RuleProgress] { engine.ruleReports().map(RuleProgress.init) }
}
