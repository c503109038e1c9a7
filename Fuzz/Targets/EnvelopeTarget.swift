import Envelope
import Model

/// Any bytes as an envelope: a record or a rejection, never a crash; a record is whole.
enum EnvelopeTarget {
    /// Making a parser costs more than using it. Inputs are tried one after the other.
    nonisolated(unsafe) private static let parsers = [Profile.fedora, .generic, .none].map {
        EnvelopeParser(profile: $0)
    }
    private static let arrival = Timestamp(seconds: 1_767_225_600)

    static func run(_ bytes: [UInt8]) {
        var identities: Set<[UInt64]> = []
        for parser in parsers {
            bytes.withUnsafeBytes { bytes in
                var batch = RecordBatch()
                let outcome = parser.append(bytes, frameTopic: nil, arrival: arrival, to: &batch)
                precondition(
                    (outcome == .record) == (batch.count == 1), "a record, or a rejection")
                batch.forEach { _, record in
                    precondition(
                        record.payload.elementsEqual(bytes), "the payload is kept byte for byte")
                    identities.insert([
                        UInt64(bitPattern: record.timestamp.microseconds), record.id.high,
                        record.id.low,
                    ])
                }
            }
        }
        precondition(identities.count <= 1, "a profile changes neither time nor id")
    }
}
