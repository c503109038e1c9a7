import Engine
import MessageLog
import Model

/// READ: messages in the order of the log, without a gap from one reply to the next.
enum Reading {
    /// A page of envelopes takes so many bytes at most, or one message.
    private static let pageBytesMax = Limits.replyBytesMax / 4

    /// Matching messages, and the sequence at which the next page begins.
    static func page(
        _ question: ReadQuestion, in snapshot: borrowing Snapshot
    ) throws -> (next: UInt64, messages: [(sequence: UInt64, envelope: [UInt8]?)]) {
        let from = question.from ?? snapshot.end + 1
        var messages: [(sequence: UInt64, envelope: [UInt8]?)] = []
        guard from <= snapshot.end else { return (from, messages) }
        let filter = ResolvedFilter(question.filter, names: snapshot.names)
        var envelopes = EnvelopeReader(snapshot.segments)
        var bytes = 0
        for view in snapshot.segments where view.lastSequence >= from {
            let columns = view.segment.columns
            let first = view.segment.firstSequence
            let test = RowTest(filter, view)
            if test.impossible { continue }
            let rows = CandidateRows(test, columns)
            for index in Int(max(from, first) - first) / columns.blockRows..<columns.blockCount {
                guard rows?.meets(block: index) ?? true else { continue }
                try snapshot.checkStopped()
                let block = columns.block(index, filter.columns)
                guard let held = test.held(against: block) else { continue }
                for row in rows?.places(in: block) ?? Array(0..<block.rows) {
                    let sequence = first + UInt64(block.firstRow + row)
                    guard sequence >= from, held.accepts(row) else { continue }
                    if messages.count == question.limit || bytes >= pageBytesMax {
                        return (sequence, messages)
                    }
                    let envelope = try envelopes.envelope(of: sequence)
                    if case .dropped = envelope {
                        if !messages.isEmpty { return (sequence, messages) }
                        throw RequestError(gone: sequence, in: snapshot)
                    }
                    bytes += envelope.bytes?.count ?? 0
                    messages.append((sequence, envelope.bytes))
                }
            }
        }
        return (snapshot.end + 1, messages)
    }
}
