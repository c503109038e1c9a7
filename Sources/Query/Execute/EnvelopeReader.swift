import Engine
import MessageLog
import Model

/// What there is of a message's envelope.
enum KeptEnvelope {
    case whole([UInt8])
    /// Retention has dropped it.
    case dropped
    /// Damage has destroyed it.
    case lost

    /// nil where there is nothing of it.
    var bytes: [UInt8]? {
        if case .whole(let bytes) = self { bytes } else { nil }
    }
}

/// Reads the envelopes of one answer. Keeps what each segment's reader has decompressed, since the
/// messages of one answer stand near each other.
struct EnvelopeReader {
    private let segments: [SegmentView]
    /// By place among the segments.
    private var readers: [Int: PayloadReader] = [:]
    /// Listings go from segment to segment; of those behind, a few may overlap in time.
    private static let readersMax = 4

    init(_ segments: [SegmentView]) { self.segments = segments }

    mutating func envelope(of place: MessagePlace) throws(EngineError) -> KeptEnvelope {
        try envelope(of: place.sequence, time: place.time)
    }

    /// The envelope of the message at `sequence`, which one of the segments has.
    /// - Parameter time: the message's, where it has been read already.
    mutating func envelope(
        of sequence: UInt64, time: Int64? = nil
    ) throws(EngineError) -> KeptEnvelope {
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
        if readers[low] == nil, readers.count == Self.readersMax { readers.removeAll() }
        // Moved out and back, so that the reader is changed in place.
        var reader = readers.removeValue(forKey: low) ?? PayloadReader(segment)
        defer { readers[low] = reader }
        do {
            let row = Int(sequence - segment.firstSequence)
            let payload = try reader.payload(ofRow: row, time: time)
            // No message is empty but one that repair could not give back.
            return payload.isEmpty ? .lost : .whole(payload)
        } catch {
            if case .dropped = error { return .dropped }
            throw .log(error)
        }
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
