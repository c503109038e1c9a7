/// A command as `COMMAND`, `HELP` and the errors describe it.
package struct Command: Sendable {
    /// In capitals.
    package let name: String
    /// The number of words, the command among them; negative: at least so many.
    package let arity: Int
    /// Redis's words for what a command does: `readonly`, `write`, `fast`, `admin` ...
    package let flags: [String]
    package let group: String
    /// One sentence without a full stop.
    package let summary: String
    package let arguments: [CommandArgument]

    init(
        _ name: String, arity: Int, flags: [String], group: String, _ summary: String,
        _ arguments: [CommandArgument] = []
    ) {
        self.name = name
        self.arity = arity
        self.flags = flags
        self.group = group
        self.summary = summary
        self.arguments = arguments
    }

    /// The command with its arguments, as in `GET id [AT]`.
    package var syntax: String {
        ([name] + arguments.map(\.syntax)).joined(separator: " ")
    }
}

/// One argument of a command, in the terms of Redis's `COMMAND DOCS`.
package struct CommandArgument: Sendable {
    /// Redis's types of arguments.
    package enum Kind: String, Sendable {
        case string
        case integer
        case time = "unix-time"
        case pattern
        case token = "pure-token"
        case oneOf = "oneof"
        case block
    }

    package let name: String
    package let kind: Kind
    /// The word that begins it.
    package let token: String?
    package let isOptional: Bool
    package let isMultiple: Bool
    /// The parts of a block, the choices of a one-of.
    package let parts: [CommandArgument]

    private init(
        _ name: String, _ kind: Kind, token: String? = nil, isOptional: Bool = false,
        isMultiple: Bool = false, parts: [CommandArgument] = []
    ) {
        self.name = name
        self.kind = kind
        self.token = token
        self.isOptional = isOptional
        self.isMultiple = isMultiple
        self.parts = parts
    }

    static func value(_ name: String, _ kind: Kind = .string) -> CommandArgument {
        CommandArgument(name, kind)
    }

    static func option(_ token: String, _ name: String, _ kind: Kind = .string) -> CommandArgument {
        CommandArgument(name, kind, token: token)
    }

    static func word(_ token: String) -> CommandArgument {
        CommandArgument(token.lowercased(), .token, token: token)
    }

    static func oneOf(_ name: String, _ parts: [CommandArgument]) -> CommandArgument {
        CommandArgument(name, .oneOf, parts: parts)
    }

    static func block(_ name: String, _ parts: [CommandArgument]) -> CommandArgument {
        CommandArgument(name, .block, parts: parts)
    }

    var optional: CommandArgument {
        CommandArgument(
            name, kind, token: token, isOptional: true, isMultiple: isMultiple, parts: parts)
    }

    var multiple: CommandArgument {
        CommandArgument(
            name, kind, token: token, isOptional: isOptional, isMultiple: true, parts: parts)
    }

    package var syntax: String {
        var text =
            switch kind {
            case .token: token ?? name
            case .oneOf: parts.map(\.syntax).joined(separator: "|")
            case .block: parts.map(\.syntax).joined(separator: " ")
            case .string, .integer, .time, .pattern: (token.map { $0 + " " } ?? "") + name
            }
        if isMultiple { text += isOptional ? " ..." : " [\(text) ...]" }
        return isOptional ? "[\(text)]" : text
    }
}
