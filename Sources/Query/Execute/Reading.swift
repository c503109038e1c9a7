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
    ) throws -> (next: UInt64, messages: MessageRows) {
        let from = question.from ?? snapshot.end + 1
        var messages = MessageRows(limit: question.limit)
        guard from <= snapshot.end else { return (from, messages) }
        let filter = ResolvedFilter(question.filter, names: snapshot.names)
        var envelopes = EnvelopeReader(snapshot.segments)
        for view in snapshot.segments where view.lastSequence >= from {
            guard var search = try SegmentSearch(view, filter, .all) else { continue }
            let first = view.segment.firstSequence
            search.keep(rows: Int(max(from, first) - first)..<view.segment.rows)
            while let (index, _) = search.next() {
                try snapshot.checkStopped()
                for row in search.rows(ofBlock: index) where first + UInt64(row) >= from {
                    let sequence = first + UInt64(row)
                    if messages.rows.count == question.limit
                        || messages.bytes.count >= pageBytesMax
                    {
                        return (sequence, messages)
                    }
                    let kept = try messages.append(sequence, nil, &envelopes)
                    if kept == .dropped {
                        if !messages.rows.isEmpty { return (sequence, messages) }
                        throw RequestError(gone: sequence, in: snapshot)
                    }
                }
            }
        }
        return (snapshot.end + 1, messages)
    }
}
