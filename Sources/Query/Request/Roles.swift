/// What a client may do.
public struct Roles: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Ask.
    public static let read = Roles(rawValue: 1)
    /// Add messages.
    public static let append = Roles(rawValue: 2)
    /// Operate the server.
    public static let admin = Roles(rawValue: 4)
    public static let all: Roles = [.read, .append, .admin]

    /// The words for them, as in "read and append"; "none" for none.
    public var words: String {
        let named: [(Roles, String)] = [(.read, "read"), (.append, "append"), (.admin, "admin")]
        let held = named.filter { contains($0.0) }.map(\.1)
        return held.isEmpty ? "none" : held.joined(separator: " and ")
    }
}

extension Request {
    /// The role that a client must have; none for what concerns its connection alone.
    public var needs: Roles {
        switch self {
        case .question, .explain, .info, .gaps, .rollup(.list): .read
        case .append: .append
        case .checkpoint, .compact, .rebuild, .backup, .rollup: .admin
        case .connection: []
        }
    }
}
