import Model

/// Sequences that repair could not give back, as a gap record says it.
package struct Loss: Hashable, Sendable, CustomStringConvertible {
    package enum What: UInt8, Sendable {
        /// The records themselves: they are counted no more.
        case records = 1
        /// Only their payloads: they count as before.
        case payloads = 2
    }

    package var what: What
    package var first: UInt64
    package var count: UInt64
    package var reason: String

    package init(_ what: What, first: UInt64, count: UInt64, reason: String) {
        self.what = what
        self.first = first
        self.count = count
        self.reason = reason
    }

    /// What a control record says; nil where it is no gap, or one of a later version.
    package init?(_ record: ControlRecord) {
        guard record.kind == Record.Kind.gap, record.payload.count >= Self.headerBytes,
            let what = What(rawValue: record.payload[0])
        else { return nil }
        self.what = what
        (first, count) = unsafe record.payload.withUnsafeBytes {
            unsafe ($0.integer(at: 8), $0.integer(at: 16))
        }
        reason = String(decoding: record.payload[Self.headerBytes...], as: UTF8.self)
    }

    /// u8 what, 7 zero bytes, u64 first, u64 count, then the reason.
    private static let headerBytes = 24

    var payload: [UInt8] {
        var payload: [UInt8] = [what.rawValue, 0, 0, 0, 0, 0, 0, 0]
        payload.append(integer: first)
        payload.append(integer: count)
        payload.append(contentsOf: reason.utf8)
        return payload
    }

    package var description: String {
        switch (what, count) {
        case (.records, 1): "record \(first) is lost: \(reason)"
        case (.records, _): "records \(first) to \(first + count - 1) are lost: \(reason)"
        case (.payloads, 1): "the payload of record \(first) is lost: \(reason)"
        case (.payloads, _):
            "the payloads of records \(first) to \(first + count - 1) are lost: \(reason)"
        }
    }
}

/// What a repair found and did.
package struct RepairReport: Sendable, Equatable {
    package var losses: [Loss] = []
    /// Damaged files, as they were, under the names that they have now.
    package var kept: [String] = []
    /// Files that were made anew.
    package var made: [String] = []

    package var changedNothing: Bool { kept.isEmpty && made.isEmpty }

    /// The gap records that say so in the log.
    package func records(at now: Timestamp) -> RecordBatch {
        var batch = RecordBatch()
        for loss in losses {
            batch.append(control: Record.Kind.gap, at: now, payload: loss.payload)
        }
        return batch
    }

    /// Adds a loss, to the one before where it goes on with it.
    mutating func lose(_ what: Loss.What, _ sequence: UInt64, count: UInt64, _ reason: String) {
        if let last = losses.last, last.what == what, last.first + last.count == sequence,
            last.reason == reason
        {
            losses[losses.count - 1].count += count
        } else {
            losses.append(Loss(what, first: sequence, count: count, reason: reason))
        }
    }
}
