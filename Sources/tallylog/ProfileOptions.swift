import ArgumentParser
import Envelope

/// Which names a message gets: options that commands which read messages have in common.
struct ProfileOptions: ParsableArguments {
    @Option(
        help: .init(
            "Which fields name users, packages and objects: fedora (the default), generic, none, "
                + "or a file.",
            valueName: "name-or-file"))
    var profile: String?
    @Option(
        help: .init(
            "A JSON object of accounts by nick or mail address.", valueName: "file"))
    var aliases: String?

    /// The profile that was asked for, or the one of the environment.
    func load() throws -> Profile {
        try Self.load(
            profile ?? Terminal.variable("TALLYLOG_PROFILE"),
            aliases: aliases ?? Terminal.variable("TALLYLOG_ALIASES"))
    }

    static func load(_ profile: String?, aliases: String?) throws -> Profile {
        do {
            return try Profile.load(profile, aliases: aliases)
        } catch  where error.line == nil {
            // What stands on the command line is no profile.
            throw ValidationError(error.description)
        } catch {
            throw CommandFailure(error.description)
        }
    }
}
