import Engine
import MessageLog
import Model

/// What there is of a message's envelope.
enum KeptEnvelope {
    case whole
    /// Retention has dropped it.
    case dropped
    /// Damage has destroyed it.
    case lost
}

/// Reads the envelopes of one answer.
struct EnvelopeReader {
    private let segments: [SegmentView]
    /// Of the segment that was read from last: listings go from one to the next.
    private var reader: PayloadReader?
    /// The sequences of that segment.
    private var first: UInt64 = 1
    private var last: UInt64 = 0

    init(_ segments: [SegmentView]) { self.segments = segments }

    /// Appends the envelope of the message at `sequence`, which one of the segments has, where it
    /// is whole.
    /// - Parameter time: the message's, where it has been read already.
    mutating func append(
        _ sequence: UInt64, time: Int64? = nil, to bytes: inout [UInt8]
    ) throws(EngineError) -> KeptEnvelope {
        if sequence < first || sequence > last { use(segmentWith: sequence) }
        let start = bytes.count
        do {
            try reader?.append(payloadOfRow: Int(sequence - first), time: time, to: &bytes)
        } catch {
            if case .dropped = error { return .dropped }
            throw .log(error)
        }
        // No message is empty but one that repair could not give back.
        return bytes.count == start ? .lost : .whole
    }

    private mutating func use(segmentWith sequence: UInt64) {
        var (low, high) = (0, segments.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if segments[middle].segment.firstSequence <= sequence {
                low = middle
            } else {
                high = middle
            }
        }
        let segment = segments[low].segment
        reader = PayloadReader(segment)
        (first, last) = (segment.firstSequence, segment.lastSequence)
    }
}

extension RequestError {
    /// An answer would begin with a message whose payload retention has dropped.
    init(gone sequence: UInt64, in snapshot: borrowing Snapshot) {
        let log = LogSnapshot(snapshot.segments.map(\.segment))
        let from = (log.payloadsFrom ?? Timestamp(microseconds: 0)).decimalText
        self.init(
            "retention has dropped the payload of sequence \(sequence); kept are those of messages "
                + "FROM \(String(decoding: from, as: UTF8.self)), and all from sequence "
                + "\(log.payloadsFromSequence) on")
        code = "GONE"
    }

    /// The one message that was asked for has lost its payload.
    init(lost sequence: UInt64) {
        self.init("damage has destroyed the payload of sequence \(sequence)")
        code = "GONE"
    }
}
