import Engine
import MessageLog
import Model

/// A message as MESSAGES lists it.
struct ListedMessage {
    var sequence: UInt64
    var time: Timestamp
    /// nil where there is nothing of it.
    var envelope: [UInt8]?
}

/// MESSAGES and GET: the messages themselves.
enum Listing {
    /// The first `limit` matching messages in the question's order, and whether more follow.
    static func messages(
        _ question: MessagesQuestion, in snapshot: borrowing Snapshot
    ) throws -> (messages: [ListedMessage], more: Bool) {
        let descending = question.order == .descending
        var end = snapshot.end
        if let cursor = question.after { end = min(end, cursor.began) }
        let filter = ResolvedFilter(question.selection.filter, names: snapshot.names)
        let span = snapshot.span(question.selection.range)
        // One more than asked for tells whether a next page exists.
        var best = BestPlaces(limit: question.limit + 1, descending: descending)
        var envelopes = EnvelopeReader(snapshot.segments)
        for view in ordered(snapshot.segments, descending) {
            guard let bounds = view.segment.columns.timeBounds, bounds.upperBound >= span.lower,
                bounds.lowerBound < span.upper, view.segment.firstSequence <= end
            else { continue }
            if !best.mayTake(anyOf: bounds) { break }
            try collect(view, filter, span, end, question, snapshot, &envelopes, &best)
        }
        let places = best.sorted
        var messages: [ListedMessage] = []
        messages.reserveCapacity(min(places.count, question.limit))
        for place in places.prefix(question.limit) {
            let envelope = try envelopes.envelope(of: place)
            if case .dropped = envelope {
                // The page ends before it, and the next one says why.
                if !messages.isEmpty { return (messages, true) }
                throw RequestError(gone: place.sequence, in: snapshot)
            }
            messages.append(
                ListedMessage(
                    sequence: place.sequence, time: Timestamp(microseconds: place.time),
                    envelope: envelope.bytes))
        }
        return (messages, places.count > question.limit)
    }

    /// The newest message with that id, or nil.
    static func get(
        _ id: MessageID, in snapshot: borrowing Snapshot
    ) throws -> [UInt8]? {
        var newest: MessagePlace?
        for view in snapshot.segments {
            for row in view.segment.columns.rows(withID: id) {
                let sequence = view.segment.firstSequence + UInt64(row)
                let place = MessagePlace(
                    time: time(ofRow: row, view.segment.columns), sequence: sequence)
                if newest.map({ $0 < place }) ?? true { newest = place }
            }
        }
        guard let newest else { return nil }
        var envelopes = EnvelopeReader(snapshot.segments)
        switch try envelopes.envelope(of: newest) {
        case .whole(let bytes): return bytes
        case .dropped: throw RequestError(gone: newest.sequence, in: snapshot)
        case .lost: throw RequestError(lost: newest.sequence)
        }
    }

    private static func time(ofRow row: Int, _ columns: SegmentColumns) -> Int64 {
        let block = columns.block(row / columns.blockRows, .times)
        return block.times[row - block.firstRow]
    }

    /// Segments that have messages, those with the wanted end of time first.
    static func ordered(_ segments: [SegmentView], _ descending: Bool) -> [SegmentView] {
        segments.filter { $0.segment.columns.timeBounds != nil }.sorted {
            guard let left = $0.segment.columns.timeBounds,
                let right = $1.segment.columns.timeBounds
            else { return false }
            return descending
                ? left.upperBound > right.upperBound : left.lowerBound < right.lowerBound
        }
    }

    private static func collect(
        _ view: SegmentView, _ filter: ResolvedFilter, _ span: Span, _ end: UInt64,
        _ question: MessagesQuestion, _ snapshot: borrowing Snapshot,
        _ envelopes: inout EnvelopeReader, _ best: inout BestPlaces
    ) throws {
        let columns = view.segment.columns
        let test = RowTest(filter, view)
        if test.impossible { return }
        let rows = CandidateRows(test, columns)
        let allMatch = rows?.allMatch ?? false
        let wanted = allMatch ? .times : filter.columns.union(.times)
        let last = columns.blockCount - 1
        for step in 0...max(0, last) where last >= 0 {
            let index = best.descending ? last - step : step
            guard let bounds = columns.blockBounds(index), bounds.upperBound >= span.lower,
                bounds.lowerBound < span.upper, best.mayTake(anyOf: bounds),
                rows?.meets(block: index) ?? true
            else { continue }
            try snapshot.checkStopped()
            let block = columns.block(index, wanted)
            let held = allMatch ? nil : test.held(against: block)
            guard allMatch || held != nil else { continue }
            for row in rows?.places(in: block) ?? Array(0..<block.rows) {
                let place = MessagePlace(
                    time: block.times[row],
                    sequence: view.segment.firstSequence + UInt64(block.firstRow + row))
                guard place.time >= span.lower, place.time < span.upper, place.sequence <= end,
                    question.after.map({ isBehind(place, $0, question.order) }) ?? true,
                    best.wouldTake(place), held?.accepts(row) ?? true
                else { continue }
                if !question.contains.isEmpty {
                    try snapshot.checkStopped()
                    // What is gone might match: dropped, it ends the listing; lost, it is listed.
                    if let whole = try envelopes.envelope(of: place).bytes,
                        !question.contains.contains(where: { occurs($0, in: whole) })
                    {
                        continue
                    }
                }
                best.take(place)
            }
        }
    }

    private static func isBehind(
        _ place: MessagePlace, _ cursor: Cursor, _ order: MessagesQuestion.Order
    ) -> Bool {
        let other = MessagePlace(time: cursor.time.microseconds, sequence: cursor.sequence)
        return order == .descending ? place < other : place > other
    }

    private static func occurs(_ text: [UInt8], in whole: [UInt8]) -> Bool {
        unsafe whole.withUnsafeBytes { unsafe $0.firstOffset(of: text) != nil }
    }
}
