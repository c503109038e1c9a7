import Model

/// Where messages can be had that the bus did not bring.
package protocol HistorySource: Sendable {
    /// What the log and INFO call it: where it is.
    var name: String { get }
    /// The word for its kind.
    var kind: String { get }

    /// Brings what is due of the gaps into the log; returns once nothing is.
    /// - Throws: `SourceFailure` where the source cannot be read now. What came until then is in
    ///   the log, and noted.
    func fetch(_ work: BackfillWork) async throws

    /// Lets go of what it holds. To be called once, when nothing is fetched any more.
    func close() async
}

extension HistorySource {
    package func close() async {}
}

/// Why a source cannot be read now. A state, which passes or is looked after, not an error of this
/// program.
package struct SourceFailure: Error, CustomStringConvertible {
    package var description: String
    /// What the source itself asks to be waited for.
    package var retrySeconds: Int64?

    package init(_ description: String, retrySeconds: Int64? = nil) {
        self.description = description
        self.retrySeconds = retrySeconds
    }
}

/// What a source has done since the start.
package struct SourceFigures: Sendable {
    package enum State: String, Sendable {
        /// Nothing is due.
        case idle
        case fetching
        /// The last request failed; it is tried again.
        case down
    }

    package var state = State.idle
    package var requests = 0
    package var failures = 0
    /// Messages that it gave, and those of them that the log did not have.
    package var fetched = 0
    package var appended = 0
    package var rejected = 0
    /// Why the last request failed; nil once one succeeds.
    package var failure: String?
    /// When it is tried again.
    package var nextTry: Timestamp?

    package init() {}
}
