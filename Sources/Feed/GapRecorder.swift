import Engine
import MessageLog
import Model

/// Notes in the log what a feed has heard and what it may have missed. Belongs to the feed's
/// thread.
///
/// Times of gaps are those of the bus: what publishers' clocks and the way take is for whoever
/// fetches what is missing to allow for.
package final class GapRecorder {
    private let feed: String
    private let ledger: FeedLedger
    private let endpoints: [String]
    private let startedAt: Timestamp
    /// The gap from the last stop until all endpoints are connected.
    private var startGap: UInt64?
    /// The gaps of endpoints that are not connected, and those that ended last.
    private var growing: [String: UInt64] = [:]
    private var ended: [String: UInt64] = [:]
    private var connectedNow: Set<String> = []
    private var jumps = JumpPile()
    private var lastHeard: Timestamp
    private var receivedAtLastHeard = 0

    /// Notes the gap since the last stop.
    /// - Parameter since: from when on history is wanted; nil: from the first start on.
    init(
        feed: String, endpoints: [String], since: Timestamp?, ledger: FeedLedger, now: Timestamp
    ) {
        self.feed = feed
        self.ledger = ledger
        self.endpoints = endpoints
        startedAt = now
        lastHeard = now
        startGap = Self.begin(feed, since, ledger, now)
    }

    /// A feed without endpoints hears nothing by itself: it has one gap that grows for ever.
    package static func follow(feed: String, since: Timestamp?, ledger: FeedLedger) {
        _ = begin(feed, since, ledger, WallClock.now)
    }

    /// - Returns: the gap that grows until all is connected.
    private static func begin(
        _ feed: String, _ since: Timestamp?, _ ledger: FeedLedger, _ now: Timestamp
    ) -> UInt64 {
        var start: UInt64 = 0
        ledger.note { history in
            var notes: [FeedNote] = []
            var number = history.nextNumber
            let known = Array(history.gaps(of: feed))
            let first =
                known.filter { $0.reason == .history }.map(\.from).min()
                ?? history.heard[feed]?.first ?? now
            if let since, since < first {
                notes.append(
                    .gapBegan(
                        number: number, feed: feed, .history, from: since, to: first,
                        detail: ""))
                number += 1
            }
            let stopped = known.last { $0.to == nil && $0.reason == .stopped }
            // What grew when the process ended goes on as the one gap of this start.
            for gap in known where gap.to == nil && gap.number != stopped?.number {
                notes.append(.gapEnded(number: gap.number, to: max(gap.from, now)))
            }
            start = stopped?.number ?? number
            if stopped == nil {
                let from = history.heard[feed]?.last ?? now
                notes.append(
                    .gapBegan(
                        number: number, feed: feed, .stopped, from: min(from, now), to: nil,
                        detail: ""))
            }
            if history.heard[feed] == nil { notes.append(.heard(feed: feed, time: now)) }
            return notes
        }
        return start
    }

    func connected(_ endpoint: String, at now: Timestamp) {
        connectedNow.insert(endpoint)
        guard let known = growingName(of: endpoint) else { return }
        end(known, at: now)
    }

    func disconnected(_ endpoint: String, at now: Timestamp) {
        connectedNow.remove(endpoint)
        // The gap of the start goes on until all are connected.
        guard startGap == nil, growing[endpoint] == nil else { return }
        let silence = endpoint.hasPrefix("tcp:") ? Limits.feedSilenceSecondsMax : 1
        let from = Timestamp(microseconds: now.microseconds - silence * 1_000_000)
        if let last = ended[endpoint], let gap = ledger.history.gap(last),
            gap.filledBy.isEmpty, gap.to.map({ $0 >= from }) ?? true
        {
            ledger.note(.gapEnded(number: last, to: nil))
            growing[endpoint] = last
        } else {
            growing[endpoint] = ledger.begin(.disconnected, of: feed, from: from, detail: endpoint)
        }
    }

    /// The clock was set back, to be right, as we suppose: by it, a gap that grows began earlier
    /// than was noted. So each ends by the old clock, and goes on from its beginning by the new.
    func clockSetBack(by microseconds: Int64, to now: Timestamp) {
        let before = Timestamp(microseconds: now.microseconds + microseconds)
        func goOn(_ number: UInt64) -> UInt64 {
            guard let gap = ledger.history.gap(number) else { return number }
            ledger.note(.gapEnded(number: number, to: max(gap.from, before)))
            let from = Timestamp(microseconds: gap.from.microseconds - microseconds)
            return ledger.begin(gap.reason, of: feed, from: min(from, now), detail: gap.detail)
        }
        startGap = startGap.map(goOn)
        for (endpoint, number) in growing.sorted(by: { $0.key < $1.key }) {
            growing[endpoint] = goOn(number)
        }
        // They ended in what is the future now.
        ended = [:]
    }

    func overflowed(from: Timestamp, to: Timestamp) {
        ledger.begin(.overflow, of: feed, from: from, to: to)
    }

    func jumped(_ jump: PublisherCounters.Jump, of service: String) { jumps.add(jump, of: service) }

    /// To be called whenever nothing waits in the socket, and some times a second.
    /// - Parameters:
    ///   - connected: the endpoints that are connected.
    ///   - received: messages since the start; all of them were handed on.
    ///   - empty: when nothing waited for the last time.
    func look(now: Timestamp, connected: Int, received: Int, empty: Timestamp) {
        if startGap != nil { endStart(now: now, connected: connected, received: received) }
        // An endpoint may come back under another name than it went: its address.
        if connected == endpoints.count, !growing.isEmpty {
            for endpoint in growing.keys.sorted() { end(endpoint, at: now) }
        }
        if jumps.isDue(at: now) { noteJumps(now) }
        let seconds = (now.microseconds - lastHeard.microseconds) / 1_000_000
        // Where the clock was set back, the log says a time that is still to come.
        let isDue =
            seconds >= Limits.feedHeardSeconds || now < lastHeard
            || (seconds >= Limits.feedHeardSecondsMin
                && received - receivedAtLastHeard >= Limits.feedHeardMessages)
        if startGap == nil, isDue {
            // Else a kill would forget what they are a sign of.
            noteJumps(now)
            noteHeard(min(empty, now), received: received)
        }
    }

    /// The feed ends, and has handed on all that it received.
    func stopped(at now: Timestamp, received: Int) {
        noteJumps(now)
        if startGap == nil { noteHeard(now, received: received) }
    }

    private func endStart(now: Timestamp, connected: Int, received: Int) {
        guard let start = startGap, connected > 0 else { return }
        let waited = (now.microseconds - startedAt.microseconds) / 1_000_000
        guard connected >= endpoints.count || waited >= Limits.feedConnectSecondsMax || waited < 0
        else { return }
        startGap = nil
        if connected < endpoints.count, let from = ledger.history.gap(start)?.from {
            for endpoint in endpoints where !connectedNow.contains(endpoint) {
                growing[endpoint] = ledger.begin(
                    .disconnected, of: feed, from: from, detail: endpoint)
            }
        }
        ledger.note(.gapEnded(number: start, to: Self.settled(now)))
        noteHeard(now, received: received)
    }

    private func end(_ endpoint: String, at now: Timestamp) {
        guard let number = growing.removeValue(forKey: endpoint) else { return }
        ended[endpoint] = number
        ledger.note(.gapEnded(number: number, to: Self.settled(now)))
    }

    /// ZeroMQ may report the endpoint by its address the second time: the same port tells, where
    /// only one is missed.
    private func growingName(of endpoint: String) -> String? {
        if growing[endpoint] != nil { return endpoint }
        guard endpoint.hasPrefix("tcp:"), let port = endpoint.split(separator: ":").last else {
            return nil
        }
        let alike = growing.keys.filter { $0.split(separator: ":").last == port }
        return alike.count == 1 ? alike.first : nil
    }

    private func noteHeard(_ time: Timestamp, received: Int) {
        ledger.note(.heard(feed: feed, time: time))
        lastHeard = time
        receivedAtLastHeard = received
    }

    private func noteJumps(_ now: Timestamp) {
        guard !jumps.isEmpty else { return }
        for jump in jumps.take(at: now) {
            // Whoever was not connected has missed it for that reason.
            let isKnown = ledger.history.gaps(of: feed).contains {
                $0.filledBy.isEmpty && $0.reason != jump.reason && $0.covers(jump.from...jump.to)
            }
            if !isKnown {
                ledger.begin(
                    jump.reason, of: feed, from: jump.from, to: jump.to, detail: jump.detail)
            }
        }
    }

    private static func settled(_ time: Timestamp) -> Timestamp {
        Timestamp(microseconds: time.microseconds + Limits.feedSettleMicroseconds)
    }
}

/// Jumps of counters that are noted together: a bus that loses some loses many.
struct JumpPile {
    struct Noted {
        var reason: Gap.Reason
        var from: Timestamp
        var to: Timestamp
        var detail: String
    }

    private var piles: [Gap.Reason: (Noted, missing: Int64, services: Set<String>)] = [:]
    private var lastTaken = Timestamp(microseconds: 0)
    /// More services than this are not named.
    private static let servicesMax = 4

    mutating func add(_ jump: PublisherCounters.Jump, of service: String) {
        var (noted, missing, services) =
            piles[jump.reason]
            ?? (Noted(reason: jump.reason, from: jump.from, to: jump.to, detail: ""), 0, [])
        // A clock that was set back in between.
        noted.from = min(noted.from, jump.from, jump.to)
        noted.to = max(noted.to, jump.from, jump.to)
        services.insert(service)
        piles[jump.reason] = (noted, missing + jump.missing, services)
    }

    var isEmpty: Bool { piles.isEmpty }

    func isDue(at now: Timestamp) -> Bool {
        // In the future, where the clock was set back.
        !isEmpty
            && abs(now.microseconds - lastTaken.microseconds) >= Limits.feedJumpSeconds * 1_000_000
    }

    mutating func take(at now: Timestamp) -> [Noted] {
        lastTaken = now
        defer { piles = [:] }
        let ordered = piles.values.sorted { $0.0.reason.rawValue < $1.0.reason.rawValue }
        return ordered.map { noted, missing, services in
            var noted = noted
            let named = services.sorted().prefix(Self.servicesMax).joined(separator: " ")
            let more = services.count > Self.servicesMax ? " ..." : ""
            noted.detail = "\(missing) of \(named)\(more)"
            return noted
        }
    }
}
