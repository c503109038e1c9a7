import Engine
import Envelope
import Feed
import Logging
import Model
import ServiceLifecycle

/// The subscription to the bus, as a service: what it receives goes to the engine, what it refuses
/// to the side file, and both are accounted.
final class Bus: Service {
    private let subscriber: Subscriber?

    init(_ settings: ServeSettings, engine: Engine, rejected: RejectedFile, logger: Logger) {
        guard !settings.subscribe.isEmpty else {
            subscriber = nil
            return
        }
        subscriber = Subscriber(
            Subscriber.Options(
                endpoints: settings.subscribe, prefixes: settings.topics,
                profile: settings.profile),
            logger: logger,
            rejected: { message in
                engine.accounting.reject(message.reason.code)
                Bus.keep(message, in: rejected, logger)
            },
            sink: { batch in
                // On a full disk the batch waits; on a failed flush the process ends.
                engine.append(batch, waitsForSpace: true) { _ in }
            })
    }

    func run() async throws {
        guard let subscriber else { return try await gracefulShutdown() }
        try subscriber.start()
        try await gracefulShutdown()
        subscriber.stop()
    }

    /// Writes a refused message to the side file; a file that cannot be written is only logged,
    /// since the message was refused anyway.
    static func keep(_ message: RejectedMessage, in file: RejectedFile, _ logger: Logger) {
        do {
            try file.append(message)
        } catch {
            logger.warning("a rejected message is not kept", metadata: ["reason": "\(error)"])
        }
    }

    /// INFO's lines about the bus.
    var infoLines: [(String, String)] {
        guard let subscriber else { return [("feeds", "0"), ("feeds_connected", "0")] }
        let counters = subscriber.counters
        return [
            ("feeds", "\(subscriber.endpointCount)"),
            ("feeds_connected", "\(counters.connected)"),
            ("feed_received", "\(counters.received)"),
            ("feed_rejected", "\(counters.rejectedTotal)"),
            ("feed_disconnections", "\(counters.disconnections)"),
            ("feed_names_skipped", "\(counters.namesSkipped)"),
            ("feed_last_message", counters.lastMessage.map { "\($0.seconds)" } ?? "never"),
        ]
    }
}
