import Client
import Engine
import MessageLog
import Model
import NIOPosix
import Query
import Synchronization

/// History from another Tallylog, by its socket.
///
/// Its log is read in its own order, from where it was left: so what that one got late, by a
/// backfill of its own, comes too. The first time it is read from its beginning, and whatever is
/// older than the gaps is left out.
package final class TallylogSource: HistorySource {
    package let name: String
    package let kind = "tallylog"
    private static let pageRows = 1_000

    /// Where its log was left.
    private struct Place {
        var position: FeedHistory.Position?
        var lastLook = Timestamp(microseconds: .min)
        var noted: FeedHistory.Position?
        var notedAt = Timestamp(microseconds: 0)
    }
    private let place = Mutex(Place())

    /// - Parameter path: of the socket.
    package init(_ path: String) { name = path }

    /// A page of its log.
    struct Page: Sendable {
        var next: UInt64
        var envelopes: [[UInt8]]
    }

    package func fetch(_ work: BackfillWork) async throws {
        let known = place.withLock { $0 }
        guard isDue(work, now: WallClock.now, lastLook: known.lastLook) else { return }
        let wanted = work.gaps.map(\.from.microseconds).min() ?? 0
        let floor = Timestamp(microseconds: wanted - work.margins.overlapSeconds * 1_000_000)
        var position = FeedHistory.Position(next: 1, floor: floor)
        let last = known.position ?? work.ledger.history.position(of: work.feed, in: name)
        if let last, last.floor <= floor {
            position.floor = last.floor
            // A log that ends before is another one than was read.
            if last.next <= (try await figure("sequence", of: "store")) + 1 {
                position.next = last.next
            }
        }
        while true {
            try Task.checkCancellation()
            let asked = WallClock.now
            let page = try await page(from: position.next)
            work.succeeded()
            _ = try await work.take(page.envelopes, floor: position.floor, isByTime: false)
            let isEnd = page.next == position.next
            position.next = page.next
            reached(position, at: asked, isEnd: isEnd, work)
            if isEnd { return noteFilled(work, asOf: asked) }
        }
    }

    /// Keeps how far the log was read, and notes it: once a second on a long way, and else only
    /// where a gap is filled by it or a good while has passed.
    private func reached(
        _ position: FeedHistory.Position, at now: Timestamp, isEnd: Bool, _ work: BackfillWork
    ) {
        let fills = isEnd && work.gaps.contains { ripe($0, work).map { $0 <= now } ?? false }
        let isDue = place.withLock { place in
            let step =
                isEnd ? Limits.backfillGrowthNoteSeconds : Limits.backfillNoteSeconds
            let isNew = place.noted != position
            let isDue = isNew && (fills || abs(now.seconds - place.notedAt.seconds) >= step)
            place.position = position
            if isEnd { place.lastLook = now }
            if isDue {
                place.noted = position
                place.notedAt = now
            }
            return isDue
        }
        guard isDue else { return }
        work.ledger.note(
            .read(feed: work.feed, source: name, next: position.next, floor: position.floor))
    }

    /// Whether a gap can be filled now, or has grown enough to be worth a look.
    private func isDue(_ work: BackfillWork, now: Timestamp, lastLook: Timestamp) -> Bool {
        work.gaps.contains { gap in
            if let ripe = ripe(gap, work) { return ripe <= now }
            // What is in the future was before the clock was set back.
            let looks = [lastLook, gap.fetched[name] ?? gap.from].filter { $0 <= now }
            guard let looked = looks.max() else { return true }
            return now.seconds - looked.seconds >= Limits.backfillGrowthSeconds
        }
    }

    /// When all that belongs to a gap should have reached the source; nil while it grows.
    private func ripe(_ gap: Gap, _ work: BackfillWork) -> Timestamp? {
        gap.to.map {
            let seconds = work.margins.overlapSeconds + work.margins.lagSeconds
            return Timestamp(microseconds: $0.microseconds + seconds * 1_000_000)
        }
    }

    /// The log was read to its end at `time`.
    private func noteFilled(_ work: BackfillWork, asOf time: Timestamp) {
        for gap in work.gaps {
            if let ripe = ripe(gap, work) {
                if ripe <= time { work.ledger.note(.filled(number: gap.number, source: name)) }
            } else if time.seconds - (gap.fetched[name] ?? gap.from).seconds
                >= Limits.backfillGrowthNoteSeconds
            {
                work.ledger.note(.fetched(number: gap.number, source: name, before: time))
            }
        }
    }

    private func page(from first: UInt64) async throws -> Page {
        let reply = try await ask(["READ", "FROM", "\(first)", "LIMIT", "\(Self.pageRows)"])
        if case .error(let text) = reply, text.hasPrefix("GONE ") {
            // What retention has dropped there cannot be had any more.
            let kept = try await figure("payloads_from_sequence", of: "storage")
            guard kept > first else { throw SourceFailure("it refused to be read: \(text)") }
            return Page(next: kept, envelopes: [])
        }
        guard let page = Self.page(reply, from: first) else {
            throw SourceFailure("it did not answer with messages: \(Self.sentence(reply))")
        }
        return page
    }

    /// What READ has answered; nil where that is no page behind `first`. A log never goes back, and
    /// messages that come have a place: whoever says otherwise would be read for ever.
    static func page(_ reply: Reply, from first: UInt64) -> Page? {
        guard case .array(let parts) = reply, parts.count == 2,
            case .integer(let number) = parts[0],
            let next = UInt64(exactly: number), next <= Limits.sequenceMax,
            case .array(let rows) = parts[1],
            next > first || (next == first && rows.isEmpty)
        else { return nil }
        let envelopes = rows.compactMap { row -> [UInt8]? in
            guard case .array(let parts) = row, parts.count == 2,
                case .bulk(let envelope) = parts[1]
            else { return nil }
            return envelope
        }
        return Page(next: next, envelopes: envelopes)
    }

    /// A number of INFO.
    private func figure(_ key: String, of section: String) async throws -> UInt64 {
        let reply = try await ask(["INFO", section])
        guard case .bulk(let text) = reply else {
            throw SourceFailure("it did not answer INFO: \(Self.sentence(reply))")
        }
        guard let number = Self.figure(key, in: text) else {
            throw SourceFailure("its INFO has no \(key); it is another program, or an older one")
        }
        return number
    }

    /// A sequence that INFO names; nil where it has none that a log can reach.
    static func figure(_ key: String, in info: [UInt8]) -> UInt64? {
        for line in String(decoding: info, as: UTF8.self).split(separator: "\r\n")
        where line.hasPrefix(key + ":") {
            if let number = UInt64(line.dropFirst(key.count + 1)), number <= Limits.sequenceMax {
                return number
            }
        }
        return nil
    }

    /// Asks on a thread that may wait. A connection for each request: it costs less than looking
    /// after one that may have gone.
    private func ask(_ words: [String]) async throws -> Reply {
        let path = name
        do {
            return try await NIOThreadPool.singleton.runIfActive {
                let client = try SocketClient(
                    path: path, patience: Limits.backfillSocketSecondsMax)
                return try client.ask(words.map { Array($0.utf8) })
            }
        } catch let failure as SocketClient.Failure {
            throw SourceFailure(failure.description)
        }
    }

    private static func sentence(_ reply: Reply) -> String {
        if case .error(let text) = reply { return text }
        return "\(reply)".prefix(100).description
    }
}
