import ArgumentParser
import Backfill
import Engine
import Feed
import Model
import Query
import Signatures

/// One feed as it is configured: where its messages come from, live and afterwards.
struct FeedSettings {
    /// Letters, digits, - and _: the log and INFO call it so.
    let name: String
    /// ZeroMQ endpoints; none: the feed has only what its sources give.
    var endpoints: [String] = []
    /// Topics begin with one of these; empty: all do.
    var topics: [String] = []
    /// Where to fetch what was missed.
    var sources: [SourceAddress] = []
    /// From when on history is wanted; nil: from the first start on.
    var since: Timestamp?
    var margins = Self.defaultMargins
    /// What is done about signatures; nil: nothing.
    var signatures: SignaturePolicy?
    /// The keys for connections by CURVE; nil: plain ones.
    var curve: CurveKeys?

    /// The name of the feed that --subscribe makes.
    static let defaultName = "bus"
    private static let defaultMargins = GapPositions.Margins(
        overlapSeconds: Limits.backfillOverlapSeconds, lagSeconds: Limits.backfillLagSeconds)
    private static let nameBytesMax = 64

    /// What an endpoint must be; part of a sentence.
    static let acceptedEndpoint =
        "endpoints of ZeroMQ, as tcp://host:9940 or ipc:///run/bus.sock"

    static func isEndpoint(_ text: String) -> Bool { text.contains("://") }

    /// What a name must be; part of a sentence.
    static let acceptedName = "1 to \(nameBytesMax) letters, digits, - and _"

    static func isName(_ text: String) -> Bool {
        (1...nameBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            }
    }
}

/// Where a source of history is.
enum SourceAddress: Hashable {
    /// A datagrepper's URL.
    case datagrepper(String)
    /// The path of another Tallylog's socket.
    case tallylog(String)

    /// What an address must be; part of a sentence.
    static let accepted = """
        a datagrepper's URL without a password (https://host/datagrepper), or the path of another \
        Tallylog's socket, from / on
        """

    init?(_ text: String) {
        guard text.utf8.count <= Limits.feedTextBytesMax,
            !text.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F })
        else { return nil }
        if text.hasPrefix("/"), text.utf8.count <= Limits.socketPathBytesMax {
            self = .tallylog(text)
            return
        }
        for scheme in ["http://", "https://"] where text.hasPrefix(scheme) {
            let rest = text.dropFirst(scheme.count)
            // A password would stand in the log and in INFO.
            guard let host = rest.split(separator: "/", omittingEmptySubsequences: false).first,
                !host.isEmpty, !host.contains("@"), !rest.contains("?"), !rest.contains("#")
            else { return nil }
            self = .datagrepper(text)
            return
        }
        return nil
    }

    func source() -> any HistorySource {
        switch self {
        case .datagrepper(let address): DatagrepperSource(address)
        case .tallylog(let path): TallylogSource(path)
        }
    }
}

extension FeedSettings {
    /// The feed of the plain options, if there is one.
    /// - Parameters:
    ///   - origin: how the options are called in errors.
    static func plain(
        endpoints: [String], topics: [String], backfill: [String], since: String?
    ) throws -> FeedSettings? {
        guard since == nil || !backfill.isEmpty else {
            throw ValidationError("--since goes with --backfill: where history is fetched.")
        }
        guard !endpoints.isEmpty || !backfill.isEmpty else {
            guard topics.isEmpty else {
                throw ValidationError("--topic goes with --subscribe or --backfill.")
            }
            return nil
        }
        for endpoint in endpoints where !isEndpoint(endpoint) {
            throw ValidationError(
                "--subscribe is '\(endpoint)'; accepted: \(acceptedEndpoint).")
        }
        var feed = FeedSettings(name: defaultName, endpoints: endpoints, topics: topics)
        feed.sources = try backfill.map { text in
            guard let address = SourceAddress(text) else {
                throw ValidationError(
                    "--backfill is '\(text)'; accepted: \(SourceAddress.accepted).")
            }
            return address
        }
        if let since {
            do {
                feed.since = try time(since)
            } catch {
                throw ValidationError("--since: \(error.reason); accepted: \(TimeText.accepted).")
            }
        }
        return feed
    }

    static func time(_ text: String) throws(TimeText.Malformed) -> Timestamp {
        try TimeText.moment(Array(text.utf8)[...], now: WallClock.now).time
    }
}
