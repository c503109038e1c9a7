import Backfill
import Engine
import Envelope
import Feed
import Logging
import MessageLog
import Model
import ServiceLifecycle
import Signatures
import Synchronization

/// One feed, as a service: what its subscription receives and what its sources give goes to the
/// engine, what is refused to the side file, and all is accounted.
final class Bus: Service {
    let settings: FeedSettings
    private let subscriber: Subscriber?
    private let backfills: [Backfill]
    private let ledger: FeedLedger
    private let outcomes = LiveOutcomes()
    private let logger: Logger

    init(
        _ settings: FeedSettings, profile: Profile, engine: Engine, rejected: RejectedFile,
        logger: Logger
    ) {
        self.settings = settings
        self.logger = logger
        ledger = engine.feeds
        let sources = settings.sources.map { $0.source() }
        ledger.setSources(sources.map(\.name), of: settings.name)
        let keep = { @Sendable (reason: Rejection, envelope: [UInt8]) in
            Bus.keep(
                RejectedMessage(
                    reason: reason, arrival: WallClock.now, topic: [], envelope: envelope),
                in: rejected, logger)
        }
        backfills = sources.map {
            Backfill(
                Backfill.Options(
                    feed: settings.name, prefixes: settings.topics, profile: profile,
                    signatures: settings.signatures, margins: settings.margins),
                from: $0, to: engine, logger: logger, rejected: keep)
        }
        let outcomes = outcomes
        subscriber =
            settings.endpoints.isEmpty
            ? nil
            : Subscriber(
                Subscriber.Options(
                    endpoints: settings.endpoints, prefixes: settings.topics, profile: profile,
                    feed: settings.name, since: settings.since, signatures: settings.signatures,
                    curve: settings.curve),
                logger: logger, ledger: engine.feeds,
                rejected: { message in
                    engine.accounting.reject(message.reason.code)
                    Bus.keep(message, in: rejected, logger)
                },
                sink: { batch in
                    // On a full disk the batch waits; on a failed flush the process ends.
                    engine.append(batch, waitsForSpace: true) { result in
                        outcomes.take(result)
                    }
                })
    }

    func run() async throws {
        try start()
        await withTaskGroup { group in
            for backfill in backfills { group.addTask { await backfill.run() } }
            // A graceful shutdown is what is waited for here; a cancellation ends as well.
            try? await gracefulShutdown()
            group.cancelAll()
        }
        subscriber?.stop()
        for backfill in backfills { await backfill.close() }
    }

    private func start() throws {
        if let end = settings.signatures?.files.report.trust.listsEnd,
            end < WallClock.now.seconds
        {
            logger.warning(
                "a revocation list is out of date: no signature is valid until there is a new one",
                metadata: ["feed": "\(settings.name)", "until": "\(end)"])
        }
        guard let subscriber else {
            // A feed without endpoints has one gap that grows for ever: its sources fill it.
            GapRecorder.follow(feed: settings.name, since: settings.since, ledger: ledger)
            return
        }
        try subscriber.start()
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

    var endpointCount: Int { settings.endpoints.count }

    var counters: FeedCounters { subscriber?.counters ?? FeedCounters() }

    /// INFO's lines about this feed and its sources.
    var infoLines: [(String, String)] {
        let counters = counters
        let outcomes = outcomes.counts
        let gaps = Array(ledger.history.gaps(of: settings.name))
        let unfilled = gaps.count { ledger.state(of: $0) != .filled }
        let heard = ledger.history.heard[settings.name]?.last
        let fields: [(String, String)] = [
            ("endpoints", "\(endpointCount)"), ("connected", "\(counters.connected)"),
            ("received", "\(counters.received)"), ("appended", "\(outcomes.appended)"),
            ("duplicate", "\(outcomes.duplicate)"), ("rejected", "\(counters.rejectedTotal)"),
            ("per_second", Self.decimal(counters.rate)),
            ("lag_ms", counters.lag.map { "\($0 / 1_000)" } ?? "unknown"),
            ("last_message", counters.lastMessage.map { "\($0.seconds)" } ?? "never"),
            ("heard_until", heard.map { "\($0.seconds)" } ?? "never"),
            ("disconnections", "\(counters.disconnections)"),
            ("overflows", "\(counters.overflows)"), ("missing", "\(counters.missing)"),
            ("gaps", "\(gaps.count)"), ("gaps_unfilled", "\(unfilled)"),
            ("curve", settings.curve == nil ? "off" : "on"),
            ("handshake_failures", "\(counters.handshakeFailures)"),
            ("refused", "\(counters.refused.count)"),
        ]
        var lines = [("feed_" + settings.name, Self.joined(fields))]
        for (place, refusal) in counters.refused.sorted(by: { $0.key < $1.key }).enumerated() {
            let text = "\(refusal.key): \(refusal.value.sentence)"
            lines.append(("feed_\(settings.name)_refused_\(place + 1)", Self.plain(text)))
        }
        lines += signatureLines
        for (place, backfill) in backfills.enumerated() {
            lines += Self.lines("source_\(settings.name)_\(place + 1)", backfill)
        }
        return lines
    }

    private static func lines(_ key: String, _ backfill: Backfill) -> [(String, String)] {
        let figures = backfill.figures
        let fields = [
            ("kind", backfill.source.kind), ("state", figures.state.rawValue),
            ("requests", "\(figures.requests)"), ("failures", "\(figures.failures)"),
            ("fetched", "\(figures.fetched)"), ("appended", "\(figures.appended)"),
            ("rejected", "\(figures.rejected)"),
            ("next_try", figures.nextTry.map { "\($0.seconds)" } ?? "none"),
        ]
        var lines = [(key, joined(fields)), (key + "_address", backfill.source.name)]
        if let failure = figures.failure {
            lines.append((key + "_failure", plain(failure)))
        }
        return lines
    }

    /// Clients take commas and equal signs for fields.
    private static func plain(_ text: String) -> String {
        String(
            text.map { character -> Character in
                switch character {
                case ",": ";"
                case "=": ":"
                case _ where character.isASCII && !character.isNewline: character
                default: " "
                }
            })
    }

    /// INFO's lines about signatures: none where nobody asks for them.
    private var signatureLines: [(String, String)] {
        guard let policy = settings.signatures else { return [] }
        let report = policy.files.report
        let fields: [(String, String)] =
            [
                ("mode", policy.mode.rawValue), ("authorities", "\(report.trust.authorities)"),
                ("crls", "\(report.trust.lists)"),
                ("crl_until", report.trust.listsEnd.map { "\($0)" } ?? "none"),
                ("reloads", "\(report.readings)"),
            ] + policy.figures.map { ($0.verdict.rawValue, "\($0.count)") }
        let key = "signatures_" + settings.name
        let failure = report.failure.map { [(key + "_failure", Self.plain($0.description))] }
        return [(key, Self.joined(fields))] + (failure ?? [])
    }

    private static func joined(_ fields: [(String, String)]) -> String {
        fields.map { "\($0.0)=\($0.1)" }.joined(separator: ",")
    }

    private static func decimal(_ value: Double) -> String {
        "\((value * 10).rounded() / 10)"
    }
}

/// What became of the messages that came live.
private final class LiveOutcomes: Sendable {
    private let state = Mutex((appended: 0, duplicate: 0))

    var counts: (appended: Int, duplicate: Int) { state.withLock { $0 } }

    func take(_ result: AppendResult) {
        guard case .success(let records) = result else { return }
        let appended = records.count {
            if case .appended = $0 { true } else { false }
        }
        state.withLock {
            $0.appended += appended
            $0.duplicate += records.count - appended
        }
    }
}
