import ArgumentParser
import Query

/// The command line: everything a person does with a store.
@main
struct Tallylog: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tallylog",
        abstract: "Keeps a message bus's history and its statistics",
        discussion: """
            'serve' listens to the bus and answers on a Unix socket. The other commands ask that \
            socket (--socket PATH), or open a store that nobody serves (--data DIR). Questions are \
            the words of the protocol:

              tallylog serve --data DIR --subscribe tcp://hub.example.org:9940
              tallylog top --data DIR 10 user CATEGORY git LAST 7d
              tallylog messages --data DIR USER ralph LIMIT 5

            TALLYLOG_SOCKET, TALLYLOG_DATA, TALLYLOG_PROFILE and TALLYLOG_ALIASES in the \
            environment stand in for the options.

            Exit codes: 0 done, 1 refused or failed, 3 another process uses the directory, \
            4 damage, 5 a flush to disk failed, 64 wrong usage.
            """,
        version: Release.version,
        groupedSubcommands: [
            CommandGroup(
                name: "Running", subcommands: [Serve.self, Import.self, Publish.self]),
            CommandGroup(
                name: "Naming",
                subcommands: [Extract.self, ProfileCommand.self, RulesCommand.self]),
            CommandGroup(
                name: "Trusting",
                subcommands: [SignaturesCommand.self, Keys.self, Rejected.self]),
            CommandGroup(
                name: "Asking",
                subcommands: [
                    Count.self, Series.self, Top.self, Distinct.self, Names.self, Seen.self,
                    Messages.self, LatestOfEach.self, Values.self, Read.self, Tail.self, Get.self,
                    Explain.self, Info.self, Gaps.self,
                ]),
            CommandGroup(
                name: "Maintaining",
                subcommands: [
                    Rollup.self, Checkpoint.self, Compact.self, Backup.self, Restore.self,
                    Stats.self,
                    Verify.self, Repair.self, Rebuild.self, Reextract.self, Dump.self,
                ]),
        ])

    static func main() async {
        FreeMemory.bound()
        await main(nil)
    }
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
