import Model
import Synchronization

/// What one feed does about signatures, and what it has found. Shared by all that take messages
/// for it.
package final class SignaturePolicy: Sendable {
    package enum Mode: String, Sendable, CaseIterable {
        /// Messages whose signature is not valid are rejected.
        case require
        /// All messages are taken, and told apart by the dimension `signature`.
        case mark
    }

    package let mode: Mode
    package let files: TrustFiles
    package let routing: RoutingPolicy
    private let counts = Mutex([Int](repeating: 0, count: Verdict.allCases.count))

    package init(mode: Mode, files: TrustFiles, routing: RoutingPolicy = RoutingPolicy()) {
        self.mode = mode
        self.files = files
        self.routing = routing
    }

    /// The messages of each verdict since the start, those of which there are some.
    package var figures: [(verdict: Verdict, count: Int)] {
        let counts = counts.withLock { $0 }
        return Verdict.allCases.map { ($0, counts[$0.index]) }.filter { $0.count > 0 }
    }

    func count(_ verdict: Verdict) { counts.withLock { $0[verdict.index] += 1 } }
}
