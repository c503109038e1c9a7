import CSimdJSON
import Model

/// Turns envelopes as they come from a feed into records. Owns its scratch memory: one per thread.
package final class EnvelopeParser {
    private var reader: EnvelopeReader

    /// - Parameter profile: tells which fields name users and packages.
    package init(profile: Profile) { reader = EnvelopeReader(profile: profile) }

    /// The names that were left out because they were too long or too many, since the beginning.
    package var namesSkipped: Int { reader.namesSkipped }

    /// What the last envelope says of its sender, where it was accepted.
    package var origin: Origin { reader.origin }

    /// Checks an envelope and appends its record, the envelope's bytes being the payload as they
    /// are.
    /// - Parameters:
    ///   - envelope: the bytes of one JSON object.
    ///   - frameTopic: the topic under which the message was published, which the envelope's must
    ///     equal; nil if it came without.
    ///   - arrival: the present; stands in for an absent timestamp, and bounds the others.
    ///   - batch: is unchanged if the envelope is rejected.
    package func append(
        _ envelope: UnsafeRawBufferPointer, frameTopic: UnsafeRawBufferPointer?,
        arrival: Timestamp, to batch: inout RecordBatch
    ) -> ParseOutcome {
        unsafe reader.append(envelope, frameTopic: frameTopic, arrival: arrival, to: &batch)
    }
}
