/// What a name is a value of. Open-ended: codes from `firstFree` on are for a rule's own keys.
public struct Dimension: Hashable, Sendable, Comparable, BitwiseCopyable {
    /// The code stored in records and columns.
    public var code: UInt8

    /// - Parameter code: the stored code.
    @inlinable
    public init(code: UInt8) { self.code = code }

    /// A message's topic; every message has exactly one.
    public static let topic = Dimension(code: 0)
    /// Computed from the topic, never stored in a record.
    public static let category = Dimension(code: 1)
    /// An account that the message concerns; a message has any number.
    public static let user = Dimension(code: 2)
    /// A package that the message concerns; a message has any number.
    public static let package = Dimension(code: 3)
    /// The account that acted.
    public static let agent = Dimension(code: 4)
    /// What was acted upon.
    public static let object = Dimension(code: 5)
    /// What became of the message's signature, where its feed looked at it: one word. No fact of
    /// the payload alone, so it stays when names are found again.
    public static let signature = Dimension(code: 6)
    /// The first code that is free for rules.
    public static let firstFree = Dimension(code: 16)

    @inlinable
    public static func < (left: Self, right: Self) -> Bool { left.code < right.code }

    /// The word for the dimension in commands, or nil for a rule's own key.
    public var word: String? {
        switch self {
        case .topic: "topic"
        case .category: "category"
        case .user: "user"
        case .package: "package"
        case .agent: "agent"
        case .object: "object"
        case .signature: "signature"
        default: nil
        }
    }

    /// - Parameter word: a command's word, in any letter case; nil if it names no dimension.
    public init?(word: String) {
        let lowered = word.lowercased()
        let known: [Dimension] = [
            .topic, .category, .user, .package, .agent, .object, .signature,
        ]
        guard let match = known.first(where: { $0.word == lowered }) else { return nil }
        self = match
    }
}
