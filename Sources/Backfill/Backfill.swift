import Engine
import Envelope
import Logging
import MessageLog
import Model
import Signatures

/// Fills the gaps of one feed from one source, in the background, for as long as the task runs.
package final class Backfill: Sendable {
    package struct Options: Sendable {
        package var feed: String
        package var prefixes: [String]
        package var profile: Profile
        /// What is done about signatures; nil: nothing.
        package var signatures: SignaturePolicy?
        package var margins: GapPositions.Margins

        package init(
            feed: String, prefixes: [String] = [], profile: Profile = .fedora,
            signatures: SignaturePolicy? = nil, margins: GapPositions.Margins
        ) {
            self.feed = feed
            self.prefixes = prefixes
            self.profile = profile
            self.signatures = signatures
            self.margins = margins
        }
    }

    package let source: any HistorySource
    private let work: BackfillWork
    private let logger: Logger

    /// - Parameter rejected: gets what is no message.
    package init(
        _ options: Options, from source: any HistorySource, to engine: Engine, logger: Logger,
        rejected: @escaping @Sendable (Rejection, [UInt8]) -> Void
    ) {
        self.source = source
        self.logger = logger
        work = BackfillWork(
            feed: options.feed, source: source.name, margins: options.margins,
            ledger: engine.feeds,
            intake: Intake(
                engine, profile: options.profile, prefixes: options.prefixes,
                signatures: options.signatures, rejected: rejected))
    }

    package var figures: SourceFigures { work.figures }

    /// Fetches whatever becomes due until the task is cancelled.
    package func run() async {
        var delay = RetryDelay()
        var random = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            let answered = work.figures.requests
            do {
                try await source.fetch(work)
                delay.reset()
                work.change { $0.state = .idle }
                try await Task.sleep(for: .milliseconds(Limits.backfillPollMilliseconds))
            } catch let failure as SourceFailure {
                if work.figures.requests > answered { delay.reset() }
                let seconds = delay.next(wanted: failure.retrySeconds, using: &random)
                note(failure, seconds)
                // A sleep ends early only by a cancellation, which ends the loop too.
                try? await Task.sleep(for: .seconds(seconds))
            } catch {
                // The task was cancelled, or the engine closes.
                return
            }
        }
    }

    /// To be called once the task has ended.
    package func close() async { await source.close() }

    private func note(_ failure: SourceFailure, _ seconds: Double) {
        let isNew = work.figures.failure == nil
        let now = WallClock.now
        work.change {
            $0.state = .down
            $0.failures += 1
            $0.failure = failure.description
            $0.nextTry = Timestamp(microseconds: now.microseconds + Int64(seconds * 1_000_000))
        }
        if isNew {
            logger.notice(
                "a source of history does not answer, and is tried again",
                metadata: ["source": "\(source.name)", "reason": "\(failure)"])
        }
    }
}
