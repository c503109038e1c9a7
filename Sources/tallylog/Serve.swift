import ArgumentParser
import Engine
import Envelope
import Feed
import Logging
import MessageLog
import Model
import Server
import ServiceLifecycle
import UnixSignals

/// Runs the engine: listens to the bus, keeps the store, answers on the socket.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Listens to the bus, keeps the store, answers on its socket",
        discussion: """
            SIGTERM and SIGINT end it: what was received is made durable and folded first.

            What is not given here is taken from the environment (TALLYLOG_DATA, TALLYLOG_SOCKET, \
            TALLYLOG_SUBSCRIBE, TALLYLOG_TOPIC, TALLYLOG_BACKFILL, TALLYLOG_SINCE, \
            TALLYLOG_PROFILE, TALLYLOG_RULES, TALLYLOG_RETENTION_AGE, \
            TALLYLOG_RETENTION_BYTES, TALLYLOG_RETENTION_MINUTES; lists with commas), then from \
            the --config file, in YAML:

              data: /var/lib/tallylog
              subscribe:
                - tcp://hub.example.org:9940
              topic:
                - org.example.prod.
              retention:
                age: 90d
                bytes: 20G
                minutes: 365d

            --subscribe, --topic, --backfill and --since make one feed, named bus. The file may \
            name several, each with sources of its own; docs/feeds.md has every key:

              feeds:
                fedora:
                  endpoints: [tcp://hub.example.org:9940]
                  topics: [org.example.prod.]
                  backfill: [https://apps.example.org/datagrepper]
                  since: 2026-01-01
            """)

    @Option(help: .init("The data directory; made if it is absent.", valueName: "dir"))
    var data: String?
    @Option(
        help: .init("The socket (default: tallylog.sock in the data directory).", valueName: "path")
    )
    var socket: String?
    @Option(help: .init("A ZeroMQ endpoint to listen to; repeatable.", valueName: "endpoint"))
    var subscribe: [String] = []
    @Option(help: .init("Take only topics that begin with this; repeatable.", valueName: "prefix"))
    var topic: [String] = []
    @Option(
        help: .init(
            "Where to fetch what was missed: a datagrepper's URL, or another Tallylog's socket; "
                + "repeatable.", valueName: "source"))
    var backfill: [String] = []
    @Option(
        help: .init("Fetch history from this time on, as 2026-01-01.", valueName: "time"))
    var since: String?
    @OptionGroup var naming: ProfileOptions
    @Option(
        help: .init("Drop payloads older than this, as in 90d; counts stay.", valueName: "age"))
    var retentionAge: String?
    @Option(
        help: .init(
            "Drop the oldest payloads past this size, as in 20G; counts stay.", valueName: "bytes"))
    var retentionBytes: String?
    @Option(
        help: .init(
            "Keep counts per minute for so long, as in 365d; older ones are counted when asked "
                + "for.", valueName: "age"))
    var retentionMinutes: String?
    @Option(
        help: .init(
            "A file of rules, which are created or replaced; repeatable.", valueName: "file"))
    var rules: [String] = []
    @Option(
        help: """
            What to do where the store is damaged: refuse (the default), or serve what is intact, \
            for reading only.
            """)
    var damaged = DamagePolicy.refuse
    @Option(help: .init("A configuration file in YAML.", valueName: "file"))
    var config: String?

    mutating func run() async throws {
        let settings = try await ServeSettings(self)
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        let logger = Logger(label: "tallylog")
        let engine = try StoreDirectory.open(
            settings.data, retention: settings.retention, servesDamaged: damaged == .serve)
        report(engine, logger)
        try RuleFiles.apply(settings.rules, to: engine, logger)
        let rejected = try RejectedFile(path: settings.data + "/rejected.jsonl")
        let feeds = Feeds(settings, engine: engine, rejected: rejected, logger: logger)
        let handler = EngineHandler(
            engine, profile: settings.profile,
            rejected: { reason, envelope in
                Bus.keep(
                    RejectedMessage(
                        reason: reason, arrival: WallClock.now, topic: [], envelope: envelope),
                    in: rejected, logger)
            }, feeds: { feeds.infoLines })
        let server = SocketServer(
            path: settings.socket, handler: handler,
            limits: .fitting(openFiles: OpenFiles.raiseLimit()), holdsDataLock: true,
            logger: logger)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: EngineWatch(engine: engine)),
                    .init(service: FreeMemoryKeeper()),
                ]
                    + feeds.buses.map { .init(service: $0) }
                    + [.init(service: SocketService(server: server))],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do {
            try await group.run()
        } catch let error as EngineError {
            logger.critical("appending has stopped", metadata: ["reason": "\(error)"])
        } catch {
            logger.error("stopping", metadata: ["reason": "\(error)"])
            try StoreDirectory.close(engine)
            throw ExitStatus.failed
        }
        try StoreDirectory.close(engine)
        logger.info("closed", metadata: ["sequence": "\(engine.progress.counters.end)"])
    }

    private func report(_ engine: Engine, _ logger: Logger) {
        let recovery = engine.recovery
        logger.info(
            "opened",
            metadata: [
                "sequence": "\(engine.progress.counters.end)",
                "watermark": "\(engine.progress.counters.watermark)",
                "replayed": "\(recovery.recordsReplayed)",
            ])
        for damage in engine.damage {
            logger.error(
                "served for reading only, without what is damaged",
                metadata: ["damage": "\(damage)"])
        }
        if let torn = recovery.tornPath {
            logger.warning(
                "the log had a torn end, which nobody was told was durable",
                metadata: ["bytes": "\(recovery.tornBytes)", "kept": "\(torn)"])
        }
    }
}

/// What `serve` does with a damaged store.
enum DamagePolicy: String, ExpressibleByArgument {
    case refuse
    case serve
}

/// Ends the process once appending has failed for good.
struct EngineWatch: Service {
    let engine: Engine

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if let failure = engine.failure { throw failure }
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
    }
}

/// The socket as a service.
struct SocketService: Service {
    let server: SocketServer

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await server.run()
        } onGracefulShutdown: {
            Task { try await server.shutdown() }
        }
    }
}
