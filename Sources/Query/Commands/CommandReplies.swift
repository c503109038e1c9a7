/// The replies that describe the commands, in the shape of Redis 7's.
extension Command {
    /// One element of `COMMAND INFO`: name, arity, flags, three zeros (there are no keys),
    /// categories, tips, key specifications, subcommands.
    package var information: Reply {
        .array([
            .text(name.lowercased()), .integer(Int64(arity)), .array(flags.map { .simple($0) }),
            .integer(0), .integer(0), .integer(0), .array([.simple("@" + group)]),
            .array([]), .array([]), .array([]),
        ])
    }

    /// The value of one entry of `COMMAND DOCS`.
    package var documentation: Reply {
        var entries: [(Reply, Reply)] = [
            (.text("summary"), .text(summary)),
            (.text("since"), .text(Release.version)),
            (.text("group"), .text(group)),
        ]
        if !arguments.isEmpty {
            entries.append((.text("arguments"), .array(arguments.map(\.documentation))))
        }
        return .map(entries)
    }

    /// Lines of text for a person: the syntax, and what it does.
    package var help: [String] { [syntax, "    " + summary + "."] }
}

extension CommandArgument {
    fileprivate var documentation: Reply {
        var entries: [(Reply, Reply)] = [
            (.text("name"), .text(name)), (.text("type"), .text(kind.rawValue)),
        ]
        if let token { entries.append((.text("token"), .text(token))) }
        var flags: [Reply] = []
        if isOptional { flags.append(.simple("optional")) }
        if isMultiple { flags.append(.simple("multiple")) }
        if isMultiple, token != nil { flags.append(.simple("multiple_token")) }
        if !flags.isEmpty { entries.append((.text("flags"), .array(flags))) }
        if !parts.isEmpty {
            entries.append((.text("arguments"), .array(parts.map(\.documentation))))
        }
        return .map(entries)
    }
}

extension CommandTable {
    /// `COMMAND INFO`: one element per name, nil for unknown ones; without names, all commands.
    package static func information(of names: [[UInt8]]) -> Reply {
        guard !names.isEmpty else { return .array(all.map(\.information)) }
        return .array(
            names.map { command(String(decoding: $0, as: UTF8.self))?.information ?? .null })
    }

    /// `COMMAND DOCS`: a map from name to description; unknown names are left out.
    package static func documentation(of names: [[UInt8]]) -> Reply {
        let wanted =
            names.isEmpty ? all : names.compactMap { command(String(decoding: $0, as: UTF8.self)) }
        return .map(wanted.map { (.text($0.name.lowercased()), $0.documentation) })
    }

    /// `HELP`: lines of text.
    package static func help(on name: [UInt8]?) -> Reply {
        guard let name else { return .array(all.flatMap(\.help).map { .text($0) }) }
        guard let command = command(String(decoding: name, as: UTF8.self)) else {
            return RequestError("HELP, word 2: unknown command \(quoted(name))").reply
        }
        return .array(command.help.map { .text($0) })
    }
}
