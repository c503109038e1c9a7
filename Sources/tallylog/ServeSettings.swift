import ArgumentParser
import Configuration
import Envelope
import Model
import Rules
import SystemPackage

/// What `serve` runs with: the command line first, then the environment, then the file.
struct ServeSettings {
    let data: String
    let socket: String
    let feeds: [FeedSettings]
    let profile: Profile
    let retention: Retention
    /// The rules of all files.
    let rules: [Rule]

    /// What the configuration file may have.
    static let keys = [
        "data", "socket", "subscribe", "topic", "backfill", "since", "profile", "aliases", "rules",
        "retention", "feeds",
    ]

    init(_ command: Serve) async throws {
        let environment = ConfigReader(provider: EnvironmentVariablesProvider())
            .scoped(to: "tallylog")
        var file: ConfigReader?
        if let path = command.config {
            do {
                file = ConfigReader(
                    provider: try await FileProvider<YAMLSnapshot>(filePath: FilePath(path)))
            } catch {
                throw ValidationError("The configuration \(path) cannot be read: \(error)")
            }
        }
        let text = { (given: String?, key: ConfigKey) in
            given ?? environment.string(forKey: key) ?? file?.string(forKey: key)
        }
        let list = { (given: [String], key: ConfigKey) in
            if !given.isEmpty { return given }
            // A text by itself is a list of one.
            return environment.stringArray(forKey: key) ?? file?.stringArray(forKey: key)
                ?? file?.string(forKey: key).map { [$0] } ?? []
        }
        let named = try command.config.map { try FeedsFile.feeds(in: $0) } ?? []
        guard let data = text(command.data, "data") else {
            throw ValidationError("Name the data directory: --data DIR.")
        }
        let profile = try ProfileOptions.load(
            text(command.naming.profile, "profile"),
            aliases: text(command.naming.aliases, "aliases"))
        self.data = data
        self.profile = profile
        rules = try RuleFiles.read(list(command.rules, "rules"))
        retention = try RetentionSettings.retention(
            age: text(command.retentionAge, "retention.age"),
            bytes: text(command.retentionBytes, "retention.bytes"),
            minutes: text(command.retentionMinutes, "retention.minutes"))
        socket = text(command.socket, "socket") ?? StoreDirectory.socket(of: data)
        let plain = try FeedSettings.plain(
            endpoints: list(command.subscribe, "subscribe"), topics: list(command.topic, "topic"),
            backfill: list(command.backfill, "backfill"), since: text(command.since, "since"))
        feeds = (plain.map { [$0] } ?? []) + named
        if let twice = plain?.name, named.contains(where: { $0.name == twice }) {
            throw ValidationError(
                "A feed '\(twice)' is configured, and --subscribe or --backfill make one of that "
                    + "name; give the configured one another name.")
        }
    }
}
