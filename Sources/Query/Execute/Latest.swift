import Engine
import MessageLog
import Model

/// LATEST: of every name the newest matching message.
enum Latest {
    static func messages(
        _ dimension: Dimension, _ selection: Selection, in snapshot: borrowing Snapshot
    ) throws -> [(name: [UInt8], message: ListedMessage)] {
        let filter = ResolvedFilter(selection.filter, names: snapshot.names)
        let span = snapshot.span(selection.range)
        var newest = NewestPlaces(GroupLabels(dimension, level: nil, snapshot.names))
        for view in Listing.ordered(snapshot.segments, true) {
            guard let bounds = view.segment.columns.timeBounds, bounds.upperBound >= span.lower,
                bounds.lowerBound < span.upper
            else { continue }
            try collect(view, dimension.counted, filter, span, snapshot, &newest)
        }
        guard newest.found.count <= Limits.replyRowsMax else {
            throw RequestError(
                "LATEST has \(newest.found.count) names; accepted: at most "
                    + "\(Limits.replyRowsMax), add filters or a range")
        }
        var messages: [(name: [UInt8], message: ListedMessage)] = []
        var envelopes = EnvelopeReader(snapshot.segments)
        for (name, place) in newest.found {
            let envelope = try envelopes.envelope(of: place)
            messages.append(
                (
                    name,
                    ListedMessage(
                        sequence: place.sequence, time: Timestamp(microseconds: place.time),
                        envelope: envelope.bytes)
                ))
        }
        return messages.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    private static func collect(
        _ view: SegmentView, _ counted: Dimension, _ filter: ResolvedFilter, _ span: Span,
        _ snapshot: borrowing Snapshot, _ newest: inout NewestPlaces
    ) throws {
        let columns = view.segment.columns
        let test = RowTest(filter, view)
        if test.impossible || columns.names.count(of: counted) == 0 { return }
        let labels = newest.labels(of: view.names.globals(of: counted))
        let rows = CandidateRows(test, columns)
        var wanted = filter.columns.union(.times)
        if counted != .topic { wanted.formUnion(.set(of: counted)) }
        for index in (0..<columns.blockCount).reversed() {
            guard let bounds = columns.blockBounds(index), bounds.upperBound >= span.lower,
                bounds.lowerBound < span.upper, rows?.meets(block: index) ?? true,
                newest.mayChange(labels, by: bounds.upperBound)
            else { continue }
            try snapshot.checkStopped()
            let block = columns.block(index, wanted)
            guard let held = test.held(against: block) else { continue }
            for row in rows?.places(in: block) ?? Array(0..<block.rows) {
                let time = block.times[row]
                guard time >= span.lower, time < span.upper, held.accepts(row) else { continue }
                let place = MessagePlace(
                    time: time,
                    sequence: view.segment.firstSequence + UInt64(block.firstRow + row))
                if counted == .topic {
                    newest.take(place, labels[Int(block.topics[row])])
                } else if let set = block.set(of: counted) {
                    for local in set.ids(ofRow: row) { newest.take(place, labels[Int(local)]) }
                }
            }
        }
    }
}

/// The newest place of every name, as far as was read.
private struct NewestPlaces {
    private var labels: GroupLabels
    private var places: [MessagePlace?] = []

    init(_ labels: GroupLabels) { self.labels = labels }

    /// The labels of a segment's names, by local id; entry 0 stands for no name.
    mutating func labels(of globals: [UInt32]) -> [Int] {
        let own = [-1] + globals.dropFirst().map { labels.label(of: $0) }
        while places.count < labels.count { places.append(nil) }
        return own
    }

    /// Whether a message as late as `time` could be the newest of one of these names.
    func mayChange(_ own: [Int], by time: Int64) -> Bool {
        own.contains { label in
            guard label >= 0 else { return false }
            return places[label].map { $0.time <= time } ?? true
        }
    }

    mutating func take(_ place: MessagePlace, _ label: Int) {
        if places[label].map({ $0 < place }) ?? true { places[label] = place }
    }

    var found: [(name: [UInt8], place: MessagePlace)] {
        places.indices.compactMap { label in
            places[label].map { (name: labels.name(label), place: $0) }
        }
    }
}
