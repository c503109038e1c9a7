import Engine
import Envelope
import MessageLog
import Model
import Synchronization

/// History from a datagrepper.
///
/// Its pages shift while messages arrive, and messages of one second stand in no order, so what
/// stands on a second page is not settled. Windows of time are therefore made so narrow that one
/// page holds all of them; only a second that alone has more than a page is read page by page, and
/// again, until nothing is missing. Windows share their edges, since both ends are included and
/// may be cut to whole seconds.
package final class DatagrepperSource: HistorySource {
    package let name: String
    package let kind = "datagrepper"
    private let requests: DatagrepperRequests
    /// How far gaps have come, which the log is not told at every step.
    private let known = Mutex<GapPositions?>(nil)
    /// The second that was being read when a request failed.
    private let crowded = Mutex<CrowdedSecond?>(nil)

    /// - Parameter address: `https://host/datagrepper`, with or without `/raw`.
    package init(_ address: String) {
        name = address
        requests = DatagrepperRequests(address)
    }

    package func close() async { await requests.close() }

    package func fetch(_ work: BackfillWork) async throws {
        var positions = known.withLock { $0 } ?? GapPositions(source: name, margins: work.margins)
        var width = Limits.backfillWindowSecondsFirst
        var lastNote = WallClock.now
        defer {
            note(&positions, work)
            known.withLock { $0 = positions }
        }
        // What a gap began with may be filled already: by a neighbour's overlap, or before a stop.
        note(&positions, work)
        while let due = positions.due(work.gaps, now: WallClock.now) {
            try Task.checkCancellation()
            let end = min(due.upperBound, due.lowerBound + width)
            let window = due.lowerBound...end
            if try await read(window, &width, work) { positions.advance(over: window) }
            let now = WallClock.now
            if abs(now.seconds - lastNote.seconds) >= Limits.backfillNoteSeconds {
                lastNote = now
                note(&positions, work)
            }
        }
    }

    /// Reads a window, or finds it too wide.
    /// - Returns: whether all of it is in the log.
    private func read(
        _ window: ClosedRange<Int64>, _ width: inout Int64, _ work: BackfillWork
    ) async throws -> Bool {
        let seconds = window.upperBound - window.lowerBound
        let page: DatagrepperRequests.Page
        do {
            page = try await requests.page(of: window)
        } catch let failure as SourceFailure {
            // A wide range may take the source longer than it allows itself.
            width = max(1, min(width, seconds) / 4)
            throw failure
        }
        work.succeeded()
        if page.isWhole {
            _ = try await work.take(page.envelopes, isByTime: true)
            if page.envelopes.count < Limits.backfillPageRows / 3, seconds == width {
                width = min(width * 2, Limits.backfillWindowSecondsMax)
            }
            return true
        }
        guard seconds > 1 else {
            try await readCrowdedSecond(window, work)
            return true
        }
        // As many as two thirds of a page, if they are spread evenly.
        let total = Int64(max(page.layout.total ?? 0, page.envelopes.count + 1))
        let wanted = seconds * Int64(Limits.backfillPageRows) * 2 / 3 / total
        width = max(1, min(wanted, seconds / 2))
        return false
    }

    /// Reads all pages of a second, and again, until as many messages were seen as are said to be
    /// there, or none was new for many times: where an id stands twice, there are fewer.
    private func readCrowdedSecond(
        _ seconds: ClosedRange<Int64>, _ work: BackfillWork
    ) async throws {
        var second =
            crowded.withLock { $0?.seconds == seconds ? $0 : nil }
            ?? CrowdedSecond(seconds: seconds)
        // It takes many requests, of which some may fail: what was seen is not forgotten.
        defer { crowded.withLock { $0 = second.isSeen ? nil : second } }
        while !second.isSeen {
            let page = try await requests.page(second.page, of: seconds)
            work.succeeded()
            let taken = try await work.take(page.envelopes, isByTime: true)
            second.see(page, taken)
        }
    }

    private func note(_ positions: inout GapPositions, _ work: BackfillWork) {
        for note in positions.notes(work.gaps, now: WallClock.now) { work.ledger.note(note) }
    }
}

/// What was seen of a second that has more messages than a page, which stand in another order at
/// each request.
private struct CrowdedSecond {
    let seconds: ClosedRange<Int64>
    /// The next page to read.
    private(set) var page = 1
    private var seen: Set<Intake.Identity> = []
    private var seenBeforeThisPass = 0
    private var refused = 0
    private var total = 0
    private var passesWithoutNew = 0

    init(seconds: ClosedRange<Int64>) { self.seconds = seconds }

    /// Whether there is no more to be seen.
    var isSeen: Bool {
        (total > 0 && seen.count + refused >= total)
            || passesWithoutNew >= Limits.backfillPassesWithoutNewMax
    }

    mutating func see(_ read: DatagrepperRequests.Page, _ taken: Intake.Taken) {
        seen.formUnion(taken.identities)
        refused = max(refused, taken.rejected)
        total = max(total, read.layout.total ?? 0)
        page += 1
        guard read.envelopes.isEmpty || page > read.layout.pages ?? .max else { return }
        passesWithoutNew = seen.count > seenBeforeThisPass ? 0 : passesWithoutNew + 1
        seenBeforeThisPass = seen.count
        page = 1
    }
}
