import Engine
import Envelope
import Feed
import Logging
import Model

/// All feeds of one server, and INFO's lines about them.
struct Feeds {
    let buses: [Bus]

    init(
        _ settings: ServeSettings, engine: Engine, rejected: RejectedFile, logger: Logger
    ) {
        // What is damaged is served for reading only: nothing can be taken in.
        buses =
            engine.isReadOnly
            ? []
            : settings.feeds.map {
                Bus(
                    $0, profile: settings.profile, engine: engine, rejected: rejected,
                    logger: logger)
            }
    }

    var infoLines: [(String, String)] {
        let counters = buses.map(\.counters)
        let sum = { (value: (FeedCounters) -> Int) in "\(counters.reduce(0) { $0 + value($1) })" }
        let last = counters.compactMap(\.lastMessage).max()
        var lines = [
            ("feeds", "\(buses.reduce(0) { $0 + $1.endpointCount })"),
            ("feeds_connected", sum(\.connected)),
        ]
        guard !buses.isEmpty else { return lines }
        lines += [
            ("feed_received", sum(\.received)), ("feed_rejected", sum(\.rejectedTotal)),
            ("feed_disconnections", sum(\.disconnections)),
            ("feed_names_skipped", sum(\.namesSkipped)),
            ("feed_last_message", last.map { "\($0.seconds)" } ?? "never"),
        ]
        return lines + buses.flatMap(\.infoLines)
    }
}
