import Engine
import MessageLog
import Model
import Synchronization

/// What a source works on: the gaps of one feed, and the way into the log.
package final class BackfillWork: Sendable {
    let feed: String
    let source: String
    let margins: GapPositions.Margins
    let ledger: FeedLedger
    let intake: Intake
    private let state = Mutex(SourceFigures())

    init(
        feed: String, source: String, margins: GapPositions.Margins, ledger: FeedLedger,
        intake: Intake
    ) {
        self.feed = feed
        self.source = source
        self.margins = margins
        self.ledger = ledger
        self.intake = intake
    }

    /// The gaps that the source has not filled.
    var gaps: [Gap] {
        ledger.history.gaps(of: feed).filter { !$0.filledBy.contains(source) }
    }

    package var figures: SourceFigures { state.withLock { $0 } }

    func change(_ body: (inout SourceFigures) -> Void) { state.withLock { body(&$0) } }

    /// Takes messages into the log, and counts.
    func take(
        _ envelopes: [[UInt8]], floor: Timestamp? = nil, isByTime: Bool
    ) async throws -> Intake.Taken {
        let taken = try await intake.take(envelopes, floor: floor, isByTime: isByTime)
        change {
            $0.fetched += envelopes.count
            $0.appended += taken.appended
            $0.rejected += taken.rejected
        }
        return taken
    }

    /// A request was answered.
    func succeeded() {
        change {
            $0.requests += 1
            $0.state = .fetching
            $0.failure = nil
            $0.nextTry = nil
        }
    }
}
