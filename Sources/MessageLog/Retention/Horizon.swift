import Model

/// What a horizon record says: something is no longer kept of what lies before a time.
package struct Horizon: Hashable, Sendable {
    package enum Kept: UInt8, Sendable {
        /// Payloads of messages. Those of the records before the horizon's own record may go.
        case payloads = 1
        /// Counts per minute in the rollups.
        case minutes = 2
    }

    package var kept: Kept
    package var before: Timestamp

    package init(_ kept: Kept, before: Timestamp) {
        self.kept = kept
        self.before = before
    }

    /// u8 what is kept, 7 zero bytes, i64 microseconds.
    private static let payloadBytes = 16

    /// What a control record says; nil where it is no horizon, or one of a later version.
    init?(_ record: ControlRecord) {
        guard record.kind == Record.Kind.horizon, record.payload.count == Self.payloadBytes,
            let kept = Kept(rawValue: record.payload[0])
        else { return nil }
        self.kept = kept
        before = unsafe record.payload.withUnsafeBytes {
            unsafe Timestamp(microseconds: $0.integer(at: 8))
        }
    }

    /// The record to append.
    /// - Parameter now: when that is.
    package func record(at now: Timestamp) -> RecordBatch {
        var payload: [UInt8] = [kept.rawValue, 0, 0, 0, 0, 0, 0, 0]
        payload.append(integer: before.microseconds)
        var batch = RecordBatch()
        batch.append(control: Record.Kind.horizon, at: now, payload: payload)
        return batch
    }
}

extension LogSnapshot {
    /// The records that are no messages and say something, in the order of the log.
    package var controls: [(sequence: UInt64, record: ControlRecord)] {
        segments.flatMap { segment in
            segment.columns.controls.map { (segment.firstSequence + UInt64($0.row), $0) }
        }
    }

    /// All horizons, with their sequences.
    func horizons(_ kept: Horizon.Kept) -> [(sequence: UInt64, before: Timestamp)] {
        controls.compactMap { sequence, record in
            guard let horizon = Horizon(record), horizon.kept == kept else { return nil }
            return (sequence, horizon.before)
        }
    }

    /// From when on every message has its payload; nil if none was ever dropped.
    package var payloadsFrom: Timestamp? {
        horizons(.payloads).map(\.before).max { $0.microseconds < $1.microseconds }
    }

    /// The first sequence from which on every message has its payload.
    package var payloadsFromSequence: UInt64 {
        segments.last { $0.isDropped }.map { $0.lastSequence + 1 } ?? 1
    }
}
