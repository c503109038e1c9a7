import Engine
import Glibc
import MessageLog
import Model

/// A message as MESSAGES lists it.
struct ListedMessage {
    var sequence: UInt64
    var time: Timestamp
    var envelope: [UInt8]
}

/// MESSAGES and GET: the messages themselves.
enum Listing {
    /// The place of a message in a listing: by time, then by sequence.
    struct Place: Comparable {
        var time: Int64
        var sequence: UInt64

        static func < (left: Self, right: Self) -> Bool {
            (left.time, left.sequence) < (right.time, right.sequence)
        }
    }

    /// The first `limit` matching messages in the question's order, and whether more follow.
    static func messages(
        _ question: MessagesQuestion, in snapshot: borrowing Snapshot
    ) throws(EngineError) -> (messages: [ListedMessage], more: Bool) {
        let descending = question.order == .descending
        var end = snapshot.end
        if let cursor = question.after { end = min(end, cursor.began) }
        let filter = ResolvedFilter(question.selection.filter, names: snapshot.names)
        let span = snapshot.span(question.selection.range)
        // One more than asked for tells whether a next page exists.
        var best = BestPlaces(limit: question.limit + 1, descending: descending)
        var failure: EngineError?
        for view in ordered(snapshot.segments, descending) {
            guard let bounds = view.segment.columns.timeBounds, bounds.upperBound >= span.lower,
                bounds.lowerBound < span.upper, view.segment.firstSequence <= end
            else { continue }
            if !best.mayTake(anyOf: bounds) { break }
            do {
                try collect(view, filter, span, end, question, &best)
            } catch {
                failure = error
                break
            }
        }
        if let failure { throw failure }
        let places = best.sorted
        var messages: [ListedMessage] = []
        messages.reserveCapacity(min(places.count, question.limit))
        for place in places.prefix(question.limit) {
            let envelope = try envelope(of: place.sequence, snapshot.segments)
            messages.append(
                ListedMessage(
                    sequence: place.sequence, time: Timestamp(microseconds: place.time),
                    envelope: envelope))
        }
        return (messages, places.count > question.limit)
    }

    /// The newest message with that id, or nil.
    static func get(
        _ id: MessageID, in snapshot: borrowing Snapshot
    ) throws(EngineError) -> [UInt8]? {
        var newest: Place?
        for view in snapshot.segments {
            for row in view.segment.columns.rows(withID: id) {
                let sequence = view.segment.firstSequence + UInt64(row)
                let place = Place(time: time(ofRow: row, view.segment.columns), sequence: sequence)
                if newest.map({ $0 < place }) ?? true { newest = place }
            }
        }
        guard let newest else { return nil }
        return try envelope(of: newest.sequence, snapshot.segments)
    }

    private static func time(ofRow row: Int, _ columns: SegmentColumns) -> Int64 {
        let block = columns.block(row / columns.blockRows, .times)
        return block.times[row - block.firstRow]
    }

    private static func ordered(_ segments: [SegmentView], _ descending: Bool) -> [SegmentView] {
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
        _ question: MessagesQuestion, _ best: inout BestPlaces
    ) throws(EngineError) {
        let columns = view.segment.columns
        let test = RowTest(filter, columns)
        if test.impossible { return }
        let rows = candidates(test, columns)
        var wanted: ColumnSelection = [.times, .topics]
        if !filter.onlyTopics { wanted.formUnion(.sets) }
        let last = columns.blockCount - 1
        for step in 0...max(0, last) where last >= 0 {
            let index = best.descending ? last - step : step
            guard let bounds = columns.blockBounds(index), bounds.upperBound >= span.lower,
                bounds.lowerBound < span.upper, best.mayTake(anyOf: bounds),
                rows?.meets(block: index) ?? true
            else { continue }
            let block = columns.block(index, wanted)
            guard let held = test.held(against: block) else { continue }
            for row in rows?.places(in: block) ?? Array(0..<block.rows) {
                let place = Place(
                    time: block.times[row],
                    sequence: view.segment.firstSequence + UInt64(block.firstRow + row))
                guard place.time >= span.lower, place.time < span.upper, place.sequence <= end,
                    question.after.map({ isBehind(place, $0, question.order) }) ?? true,
                    best.wouldTake(place), held.accepts(row)
                else { continue }
                if !question.contains.isEmpty {
                    let whole = try envelope(of: place.sequence, [view])
                    guard question.contains.contains(where: { occurs($0, in: whole) }) else {
                        continue
                    }
                }
                best.take(place)
            }
        }
    }

    private static func isBehind(
        _ place: Place, _ cursor: Cursor, _ order: MessagesQuestion.Order
    ) -> Bool {
        let other = Place(time: cursor.time.microseconds, sequence: cursor.sequence)
        return order == .descending ? place < other : place > other
    }

    /// The rows that postings leave, where that is much less than the segment.
    private static func candidates(_ test: RowTest, _ columns: SegmentColumns) -> CandidateRows? {
        guard let narrowest = test.narrowest, narrowest.rows < columns.rows / 16 else { return nil }
        var rows: [UInt32] = []
        for id in narrowest.ids {
            guard let own = columns.postings(narrowest.dimension, id) else { return nil }
            rows.append(contentsOf: own)
        }
        return CandidateRows(rows, blockRows: columns.blockRows)
    }

    private static func occurs(_ text: [UInt8], in whole: [UInt8]) -> Bool {
        guard let first = text.first else { return true }
        return unsafe whole.withUnsafeBytes { bytes in
            var start = 0
            while start + text.count <= bytes.count, let base = bytes.baseAddress {
                let window = bytes.count - start - text.count + 1
                guard let found = unsafe memchr(base + start, Int32(first), window) else { break }
                let place = unsafe UnsafeRawPointer(found) - base
                if unsafe memcmp(base + place, text, text.count) == 0 { return true }
                start = place + 1
            }
            return false
        }
    }

    private static func envelope(
        of sequence: UInt64, _ segments: [SegmentView]
    ) throws(EngineError) -> [UInt8] {
        var low = 0
        var high = segments.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if segments[middle].segment.firstSequence <= sequence {
                low = middle
            } else {
                high = middle
            }
        }
        let segment = segments[low].segment
        do {
            return try unsafe segment.withRecord(Int(sequence - segment.firstSequence)) { record in
                unsafe Array(record.payload)
            }
        } catch { throw .log(error) }
    }
}

/// Rows to look at, ascending, grouped by block.
struct CandidateRows {
    private var byBlock: [Int: [Int]] = [:]
    private let blockRows: Int

    init(_ rows: [UInt32], blockRows: Int) {
        self.blockRows = blockRows
        for row in Set(rows).sorted() {
            byBlock[Int(row) / blockRows, default: []].append(Int(row) % blockRows)
        }
    }

    func meets(block index: Int) -> Bool { byBlock[index] != nil }

    func places(in block: ColumnBlock) -> [Int] { byBlock[block.firstRow / blockRows] ?? [] }
}

/// The best `limit` places seen so far: the newest, or the oldest.
struct BestPlaces {
    let descending: Bool
    private let limit: Int
    /// A heap whose first element is the one to go next.
    private var heap: [Listing.Place] = []

    init(limit: Int, descending: Bool) {
        self.limit = limit
        self.descending = descending
    }

    private func isWorse(_ left: Listing.Place, _ right: Listing.Place) -> Bool {
        descending ? left < right : left > right
    }

    /// Whether a message within `bounds` could still be among the best.
    func mayTake(anyOf bounds: ClosedRange<Int64>) -> Bool {
        guard heap.count == limit, let worst = heap.first else { return true }
        return descending ? bounds.upperBound >= worst.time : bounds.lowerBound <= worst.time
    }

    func wouldTake(_ place: Listing.Place) -> Bool {
        guard heap.count == limit, let worst = heap.first else { return true }
        return isWorse(worst, place)
    }

    mutating func take(_ place: Listing.Place) {
        if heap.count < limit {
            heap.append(place)
            var child = heap.count - 1
            while child > 0, isWorse(heap[child], heap[(child - 1) / 2]) {
                heap.swapAt(child, (child - 1) / 2)
                child = (child - 1) / 2
            }
            return
        }
        heap[0] = place
        var parent = 0
        while true {
            var worst = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && isWorse(heap[child], heap[worst]) {
                worst = child
            }
            if worst == parent { return }
            heap.swapAt(parent, worst)
            parent = worst
        }
    }

    /// The best first.
    var sorted: [Listing.Place] { heap.sorted { isWorse($1, $0) } }
}
