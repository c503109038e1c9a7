import Engine
import MessageLog
import Model

/// MESSAGES and GET: the messages themselves.
enum Listing {
    /// The first `limit` matching messages in the question's order, and whether more follow.
    static func messages(
        _ question: MessagesQuestion, in snapshot: borrowing Snapshot
    ) throws -> (messages: MessageRows, more: Bool) {
        var search = MessageSearch(question, in: snapshot)
        try search.run(in: snapshot)
        var envelopes = EnvelopeReader(snapshot.segments)
        let places = search.best.sorted
        var messages = MessageRows(limit: question.limit)
        for place in places.prefix(question.limit) {
            let kept = try messages.append(
                place.sequence, Timestamp(microseconds: place.time), &envelopes)
            if kept == .dropped {
                // The page ends before it, and the next one says why.
                if !messages.rows.isEmpty { return (messages, true) }
                throw RequestError(gone: place.sequence, in: snapshot)
            }
        }
        return (messages, places.count > question.limit)
    }

    /// The newest message with that id, or nil.
    static func get(
        _ id: MessageID, in snapshot: borrowing Snapshot
    ) throws -> [UInt8]? {
        var newest: MessagePlace?
        for view in snapshot.segments {
            var rows = RowReader(view.segment.columns)
            for row in view.segment.columns.rows(withID: id) {
                let sequence = view.segment.firstSequence + UInt64(row)
                let place = MessagePlace(time: rows.time(ofRow: row), sequence: sequence)
                if newest.map({ $0 < place }) ?? true { newest = place }
            }
        }
        guard let newest else { return nil }
        var envelopes = EnvelopeReader(snapshot.segments)
        var bytes: [UInt8] = []
        switch try envelopes.append(newest.sequence, time: newest.time, to: &bytes) {
        case .whole: return bytes
        case .dropped: throw RequestError(gone: newest.sequence, in: snapshot)
        case .lost: throw RequestError(lost: newest.sequence)
        }
    }
}
