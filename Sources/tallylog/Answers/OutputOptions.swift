import ArgumentParser
import Query

/// How a question's answer is written.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print one JSON value: exact numbers, names as texts, envelopes as they are.")
    var json = false

    @Flag(help: "Print comma-separated values (RFC 4180) with a header.")
    var csv = false

    @Option(
        name: .customLong("tz"),
        help: .init("Count days and show times in this zone.", valueName: "zone"))
    var zoneName: String?

    @Option(
        name: .customLong("watch"),
        help: .init("Ask again every so many seconds, until interrupted.", valueName: "seconds"))
    var watchSeconds: Double?

    func validate() throws {
        if json && csv {
            throw ValidationError(
                "--json and --csv are two forms of the same answer; give one of them.")
        }
        if let zoneName, Zone(named: zoneName) == nil {
            throw ValidationError(
                "There is no time zone '\(zoneName)'; name one of the system's, "
                    + "such as UTC or Europe/Berlin.")
        }
        if let watchSeconds, !Self.pauses.contains(watchSeconds) {
            throw ValidationError(
                "--watch takes 0.1 to 86400 seconds; such as --watch 2.")
        }
    }

    private static let pauses = 0.1...86_400.0
}
