import Engine
import MessageLog
import Model

/// Finds the messages of one page of a listing: the first ones in its order of time.
struct MessageSearch {
    private let question: MessagesQuestion
    private let filter: ResolvedFilter
    private let span: Span
    /// Messages behind it came after the listing began.
    private let end: UInt64
    private(set) var best: BestPlaces
    private var envelopes: EnvelopeReader
    /// An envelope that is searched for text.
    private var searched: [UInt8] = []

    init(_ question: MessagesQuestion, in snapshot: borrowing Snapshot) {
        self.question = question
        filter = ResolvedFilter(question.selection.filter, names: snapshot.names)
        span = snapshot.span(question.selection.range)
        end = min(snapshot.end, question.after?.began ?? .max)
        // One more than asked for tells whether a next page exists.
        best = BestPlaces(
            limit: question.limit + 1, descending: question.order == .descending)
        envelopes = EnvelopeReader(snapshot.segments)
    }

    mutating func run(in snapshot: borrowing Snapshot) throws {
        for view in Self.ordered(snapshot.segments, best.descending) {
            guard let bounds = view.segment.columns.timeBounds, view.segment.firstSequence <= end
            else { continue }
            if !best.mayTake(anyOf: bounds) { break }
            try collect(view, in: snapshot)
        }
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

    private mutating func collect(_ view: SegmentView, in snapshot: borrowing Snapshot) throws {
        guard
            var search = try SegmentSearch(view, filter, span, descending: best.descending)
        else { return }
        let first = view.segment.firstSequence
        while let (index, bounds) = search.next() {
            guard best.mayTake(anyOf: bounds) else { continue }
            try snapshot.checkStopped()
            for (row, time) in search.timedRows(ofBlock: index) {
                let place = MessagePlace(time: time, sequence: first + UInt64(row))
                if isWanted(place) { try take(place, in: snapshot) }
            }
            if let worst = best.worstTime {
                search.keep(
                    best.descending
                        ? search.columns.blocks(from: worst, to: .max)
                        : search.columns.blocks(from: .min, to: worst + 1))
            }
        }
    }

    /// Whether the message may stand on the page, if the filter lets it pass.
    private func isWanted(_ place: MessagePlace) -> Bool {
        place.sequence <= end && question.after.map({ isBehind(place, $0) }) ?? true
            && best.wouldTake(place)
    }

    private func isBehind(_ place: MessagePlace, _ cursor: Cursor) -> Bool {
        let other = MessagePlace(time: cursor.time.microseconds, sequence: cursor.sequence)
        return best.descending ? place < other : place > other
    }

    private mutating func take(
        _ place: MessagePlace, in snapshot: borrowing Snapshot
    ) throws {
        if !question.contains.isEmpty {
            try snapshot.checkStopped()
            searched.removeAll(keepingCapacity: true)
            let kept = try envelopes.append(place.sequence, time: place.time, to: &searched)
            // What is gone might match: dropped, it ends the listing; lost, it is listed.
            if kept == .whole, !hasText() { return }
        }
        best.take(place)
    }

    private func hasText() -> Bool {
        unsafe searched.withUnsafeBytes { bytes in
            question.contains.contains { unsafe bytes.firstOffset(of: $0) != nil }
        }
    }
}
