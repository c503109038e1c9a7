/// What is wrong with a rule: which key, and what is accepted.
public struct RuleError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The keys that lead to what is wrong, with dots between them, such as
    /// `volume.aggregates.size.sum`.
    public let key: String
    /// What is wrong and what is accepted, as a sentence.
    public let reason: String

    init(_ key: String, _ reason: String) {
        self.key = key
        self.reason = reason
    }

    public var description: String { "\(key): \(reason)" }
}
