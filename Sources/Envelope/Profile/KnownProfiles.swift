extension Profile {
    /// The profiles that are part of the program, by name.
    package static let names = ["fedora", "generic", "none"]

    static var namesText: String { names.joined(separator: ", ") }

    /// The text of a profile that is part of the program, as `profile show` prints it.
    package static func text(named name: String) -> [UInt8]? {
        switch name {
        case "fedora": PackageResources.fedora_yaml
        case "generic": PackageResources.generic_yaml
        case "none": PackageResources.none_yaml
        default: nil
        }
    }

    /// The profile of that name, if there is one.
    static func named(_ name: String) -> Profile? {
        switch name {
        case "fedora": fedora
        case "generic": generic
        case "none": none
        default: nil
        }
    }

    /// Fedora's bus: what its processors said of each family of topics, as far as messages and
    /// aliases can tell.
    package static let fedora = builtIn("fedora")

    /// The same fields whatever the topic: for buses that are not Fedora's, and for benchmarks.
    package static let generic = builtIn("generic")

    /// No names but the topic.
    package static let none = builtIn("none")

    private static func builtIn(_ name: String) -> Profile {
        do throws(ConfigurationError) {
            guard let text = text(named: name) else {
                preconditionFailure("the profile \(name) is part of the program")
            }
            return try ProfileReader.read(text, file: name)
        } catch {
            preconditionFailure("a profile of the program has no mistake: \(error.description)")
        }
    }

    /// The profile of that name, or of the file at that path.
    /// - Parameters:
    ///   - text: a name of `names`, or a path; nil for fedora.
    ///   - aliases: the path of a JSON file of aliases; nil for none.
    package static func load(
        _ text: String?, aliases: String?
    ) throws(ConfigurationError) -> Profile {
        var profile = try load(text ?? "fedora")
        if let aliases { profile.aliases = try Aliases.load(aliases) }
        return profile
    }

    /// The same, read when it is first called for where it is part of the program: such a one has
    /// no mistake, and whoever only asks questions needs none.
    package static func deferred(
        _ text: String, aliases: String?
    ) throws(ConfigurationError) -> @Sendable () -> Profile {
        if aliases == nil, names.contains(text) { return { named(text) ?? builtIn(text) } }
        let loaded = try load(text, aliases: aliases)
        return { loaded }
    }

    /// Reads a profile's text, which may extend one that is part of the program.
    /// - Parameters:
    ///   - text: a file's bytes.
    ///   - file: how the file is called in errors.
    package static func read(_ text: [UInt8], file: String) throws(ConfigurationError) -> Profile {
        try ProfileReader.read(text, file: file)
    }

    private static func load(_ text: String) throws(ConfigurationError) -> Profile {
        if let known = named(text) { return known }
        guard text.contains("/") || text.contains(".") || ConfigurationFile.exists(text) else {
            throw ConfigurationError(
                file: text,
                reason: "There is no such profile; accepted are \(namesText), or a path.")
        }
        return try ProfileReader.read(try ConfigurationFile.read(text), file: text)
    }
}
