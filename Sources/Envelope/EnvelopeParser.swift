import CSimdJSON
import Model
import Signatures

/// Turns envelopes as they come from a feed into records. Owns its scratch memory: one per thread.
package final class EnvelopeParser {
    private var reader: EnvelopeReader

    /// - Parameters:
    ///   - profile: tells which fields name users and packages.
    ///   - signatures: judges signatures; nil: nobody asks for them.
    package init(profile: Profile, signatures: SignatureChecker? = nil) {
        reader = EnvelopeReader(profile: profile, signatures: signatures)
    }

    /// The names that were left out because they were too long or too many, since the beginning.
    package var namesSkipped: Int { reader.namesSkipped }

    /// What the last envelope says of its sender, where it was accepted.
    package var origin: Origin { reader.origin }

    /// What was found of the last envelope's signature, where it was looked at.
    package var judgement: Judgement? { reader.judgement }

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

    /// Calls `body` with each name of an envelope, the topic first, in the order in which a record
    /// has them.
    /// - Returns: false if it is no envelope; `body` is not called then. Its time and its id are
    ///   not looked at.
    package func forEachName(
        in envelope: UnsafeRawBufferPointer,
        _ body: (Dimension, UnsafeRawBufferPointer) -> Void
    ) -> Bool {
        if case .failure = unsafe reader.find(in: envelope) { return false }
        unsafe reader.forEachFound(body)
        return true
    }

    /// What the profile finds in an envelope. Its time and its id are not looked at.
    package func names(
        in envelope: UnsafeRawBufferPointer
    ) -> Result<ExtractedNames, Rejection> {
        unsafe reader.find(in: envelope).map { rule in
            var found = ExtractedNames()
            found.rule = rule.label
            unsafe reader.forEachFound { dimension, text in
                found.add(dimension, unsafe String(decoding: text, as: UTF8.self))
            }
            found.sort()
            return found
        }
    }
}
