import Envelope
import Model

/// A record as plain values, for tests to compare.
struct ParsedRecord: Equatable {
    var timestamp: Int64
    var flags: UInt8
    var id: MessageID
    var topic: String
    var users: Set<String>
    var packages: Set<String>
    var objects: Set<String> = []
    var agent: String?
    var payload: [UInt8]
    /// All names with duplicates, to see that they are distinct.
    var nameCount: Int
}

/// A moment in 2026, the arrival of all messages of these tests.
let arrival = Timestamp(seconds: 1_790_000_000)

extension EnvelopeParser {
    /// Parses one envelope alone.
    func parse(
        _ bytes: [UInt8], frameTopic: String? = nil, arrival: Timestamp = arrival
    ) -> Result<ParsedRecord, Rejection> {
        var batch = RecordBatch()
        let outcome = bytes.withUnsafeBytes { envelope in
            guard let frameTopic else {
                return append(envelope, frameTopic: nil, arrival: arrival, to: &batch)
            }
            return Array(frameTopic.utf8).withUnsafeBytes {
                append(envelope, frameTopic: $0, arrival: arrival, to: &batch)
            }
        }
        switch outcome {
        case .rejected(let rejection):
            precondition(batch.isEmpty, "a rejected envelope leaves no record")
            return .failure(rejection)
        case .record:
            return .success(batch.parsed()[0])
        }
    }

    func parse(_ text: String, frameTopic: String? = nil) -> Result<ParsedRecord, Rejection> {
        parse(Array(text.utf8), frameTopic: frameTopic)
    }
}

extension RecordBatch {
    /// All records as plain values.
    func parsed() -> [ParsedRecord] {
        var records: [ParsedRecord] = []
        forEach { _, record in
            var parsed = ParsedRecord(
                timestamp: record.timestamp.microseconds, flags: record.flags, id: record.id,
                topic: "", users: [], packages: [], payload: Array(record.payload),
                nameCount: record.nameCount)
            for place in 0..<record.nameCount {
                let name = record.name(at: place)
                let text = String(decoding: record.text(of: name), as: UTF8.self)
                switch name.dimension {
                case .topic: parsed.topic = text
                case .user: parsed.users.insert(text)
                case .package: parsed.packages.insert(text)
                case .object: parsed.objects.insert(text)
                case .agent:
                    precondition(parsed.agent == nil, "one acts")
                    parsed.agent = text
                default: preconditionFailure("the parser knows five dimensions")
                }
            }
            records.append(parsed)
        }
        return records
    }
}
