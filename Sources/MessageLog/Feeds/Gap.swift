import Model

/// A span of time in which messages of a feed may have been missed.
package struct Gap: Hashable, Sendable {
    /// Why it is suspected. The raw value stands in the log and never changes its meaning.
    package enum Reason: UInt8, Sendable, CaseIterable {
        /// Before the feed's first start, and wanted.
        case history = 1
        /// Nobody listened: the process did not run, or was not connected yet.
        case stopped = 2
        /// The connection to an endpoint was lost.
        case disconnected = 3
        /// The receive mark was reached, beyond which publishers drop.
        case overflow = 4
        /// A publisher's counter `i` jumped forward.
        case counter = 5
        /// A publisher's `seq_id` jumped forward.
        case sequence = 6

        /// The word that replies use.
        package var word: String { "\(self)" }
    }

    /// 1, 2, 3 ... over all feeds, for ever.
    package var number: UInt64
    package var feed: String
    package var reason: Reason
    package var from: Timestamp
    /// Nil as long as it grows.
    package var to: Timestamp?
    /// The endpoint that was lost, or what was counted.
    package var detail: String
    /// By source: all messages before this time were asked for, and are in the log.
    package var fetched: [String: Timestamp] = [:]
    /// The sources that have given all that they have.
    package var filledBy: Set<String> = []

    package init(
        number: UInt64, feed: String, reason: Reason, from: Timestamp, to: Timestamp?,
        detail: String
    ) {
        self.number = number
        self.feed = feed
        self.reason = reason
        self.from = from
        self.to = to
        self.detail = detail
    }

    /// Whether all of these sources have given what they have.
    package func isFilled(by sources: [String]) -> Bool {
        to != nil && !sources.isEmpty && sources.allSatisfy(filledBy.contains)
    }

    /// Whether it covers a span of time already, as far as that has passed.
    package func covers(_ span: ClosedRange<Timestamp>) -> Bool {
        from <= span.lowerBound && (to.map { $0 >= span.upperBound } ?? true)
    }
}
