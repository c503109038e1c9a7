import ArgumentParser
import Engine
import MessageLog
import Model

/// Finds the names of messages again that a store has already.
struct Reextract: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds users, packages, objects and agents of all kept messages again",
        discussion: """
            After a change of the profile or the aliases: columns are written anew from the \
            payloads, then the rollups are computed, and the store answers as if its messages had \
            been imported now. Nobody may serve the store meanwhile. Messages whose payloads \
            retention has dropped keep their names. It may be interrupted: the store opens, and \
            the same command completes it.
            """)

    @OptionGroup var naming: ProfileOptions
    @OptionGroup var store: StoreOption

    mutating func run() throws {
        let profile = try naming.load()
        try StoreDirectory.requireStore(at: store.data)
        let showsProgress = Terminal.showsProgress
        do {
            let report = try Engine.reextract(
                directory: store.data, profile: profile
            ) { done, total in
                if showsProgress { Terminal.status("\(done) of \(total) records") }
            }
            if showsProgress { Terminal.status("") }
            var lines = ["\(report.renamed) records renamed"]
            if report.kept > 0 {
                lines.append(
                    "\(report.kept) records up to sequence \(report.keptTo) keep their names, "
                        + "since retention has dropped their payloads")
            }
            Terminal.print(lines: lines)
        } catch { throw StoreDirectory.explained(error) }
    }
}
