import Engine
public import Model

/// Messages as a listing has them, their envelopes one behind the other in one piece of memory:
/// [[sequence, time, envelope] ...], without times where the listing gives none.
public struct MessageRows: Sendable, Equatable {
    public struct Row: Sendable, Equatable {
        public var sequence: UInt64
        public var time: Timestamp?
        /// Where the envelope stands in `bytes`; nil where there is nothing of it.
        public var envelope: Range<Int>?
    }

    /// All envelopes.
    public private(set) var bytes: [UInt8] = []
    public private(set) var rows: [Row] = []

    /// - Parameter limit: how many rows there may be.
    init(limit: Int) {
        let usual = min(limit, Self.rowsReserved)
        rows.reserveCapacity(usual)
        bytes.reserveCapacity(usual * Self.envelopeBytesUsual + Self.envelopeBytesSpare)
    }

    /// Memory is taken at once for so many rows, with envelopes of this size.
    private static let rowsReserved = 128
    private static let envelopeBytesUsual = 640
    /// What the last one may ask for besides what it takes: without it, every third page of such
    /// envelopes was copied to twice the room in the end.
    private static let envelopeBytesSpare = 1_024

    /// The envelope of a row; nil where there is nothing of it.
    public func envelope(_ row: Row) -> ArraySlice<UInt8>? { row.envelope.map { bytes[$0] } }

    /// Adds the row of a message, with its envelope where that is whole; none where it was dropped.
    /// - Parameter time: nil where the listing gives none.
    mutating func append(
        _ sequence: UInt64, _ time: Timestamp?, _ envelopes: inout EnvelopeReader
    ) throws(EngineError) -> KeptEnvelope {
        let start = bytes.count
        let kept = try envelopes.append(sequence, time: time?.microseconds, to: &bytes)
        if kept == .dropped { return kept }
        rows.append(
            Row(
                sequence: sequence, time: time,
                envelope: kept == .whole ? start..<bytes.count : nil))
        return kept
    }

    /// Adds the row of a message of which there is no envelope any more.
    mutating func appendWithoutEnvelope(_ sequence: UInt64, _ time: Timestamp?) {
        rows.append(Row(sequence: sequence, time: time, envelope: nil))
    }

    /// The same as values.
    var spelledOut: Reply {
        .array(
            rows.map { row in
                var parts: [Reply] = [.integer(Int64(row.sequence))]
                if let time = row.time { parts.append(.bulk(time.decimalText)) }
                parts.append(envelope(row).map { .bulk(Array($0)) } ?? .null)
                return .array(parts)
            })
    }
}
