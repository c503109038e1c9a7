import MessageLog
import Synchronization

/// Where every message that came in has gone: received = appended + duplicate + rejected + queued,
/// at every moment, because each step moves a message from one count to another at once.
package final class Accounting: Sendable {
    package struct Counts: Sendable, Equatable {
        /// Messages that came in by any way since the engine was opened.
        package var received: UInt64 = 0
        /// Made durable, and visible.
        package var appended: UInt64 = 0
        /// Already in the log.
        package var duplicate: UInt64 = 0
        /// Refused, by reason.
        package var rejectedByReason: [String: UInt64] = [:]
        /// Handed over and not yet durable.
        package var queued: UInt64 = 0

        package var rejected: UInt64 { rejectedByReason.values.reduce(0, +) }
    }

    private let state = Mutex(Counts())

    package var counts: Counts { state.withLock { $0 } }

    /// A message came in and was refused.
    package func reject(_ reason: String, _ amount: UInt64 = 1) {
        state.withLock {
            $0.received += amount
            $0.rejectedByReason[reason, default: 0] += amount
        }
    }

    /// Messages came in and wait for the log.
    func queue(_ amount: Int) {
        state.withLock {
            $0.received += UInt64(amount)
            $0.queued += UInt64(amount)
        }
    }

    /// Messages that waited are durable, or known.
    func settle(_ outcomes: ArraySlice<AppendOutcome>) {
        var appended: UInt64 = 0
        for case .appended in outcomes { appended += 1 }
        state.withLock {
            $0.queued -= UInt64(outcomes.count)
            $0.appended += appended
            $0.duplicate += UInt64(outcomes.count) - appended
        }
    }

    /// Messages that waited could not be made durable.
    func refuse(_ amount: Int, _ reason: String) {
        state.withLock {
            $0.queued -= UInt64(amount)
            $0.rejectedByReason[reason, default: 0] += UInt64(amount)
        }
    }
}
