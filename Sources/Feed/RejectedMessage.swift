import Envelope
import Model

/// A message that was not taken, kept whole so that it can be looked at and played again.
package struct RejectedMessage: Sendable, Equatable {
    package var reason: Rejection
    package var arrival: Timestamp
    /// The topic under which it was published; empty if there was none.
    package var topic: [UInt8]
    package var envelope: [UInt8]

    package init(reason: Rejection, arrival: Timestamp, topic: [UInt8], envelope: [UInt8]) {
        self.reason = reason
        self.arrival = arrival
        self.topic = topic
        self.envelope = envelope
    }
}
