import ArgumentParser
import Query

/// The command line: everything a person does with a store.
@main
struct Tallylog: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tallylog",
        abstract: "Keeps a message bus's history and its statistics.",
        discussion: """
            'tallylog serve' listens to the bus and answers on a Unix socket. The query commands ask
            that socket (--socket), or open a store that nobody serves (--data). Queries are the
            words of the protocol: tallylog top 10 user CATEGORY git LAST 7d
            """,
        version: Release.version,
        groupedSubcommands: [
            CommandGroup(
                name: "Running", subcommands: [Serve.self, Import.self, Publish.self]),
            CommandGroup(
                name: "Asking",
                subcommands: [
                    Count.self, Series.self, Top.self, Distinct.self, Names.self, Seen.self,
                    Messages.self, Get.self, Info.self,
                ]),
            CommandGroup(
                name: "Maintaining",
                subcommands: [Checkpoint.self, Verify.self, Rebuild.self, Dump.self]),
        ])
}

/// How commands end, besides 0 for success and 64 for wrong usage.
enum ExitStatus {
    /// The request was refused, or failed.
    static let failed = ExitCode(1)
    /// Somebody else holds the data directory.
    static let held = ExitCode(3)
    /// The log or the rollups are damaged.
    static let damaged = ExitCode(4)
    /// A flush to disk failed; nothing after it was acknowledged.
    static let flushFailed = ExitCode(5)
}
