import Engine
import MessageLog
import Model

/// LATEST: of every name the newest matching message.
enum Latest {
    static func messages(
        _ dimension: Dimension, _ selection: Selection, in snapshot: borrowing Snapshot
    ) throws -> (names: [[UInt8]], rows: MessageRows) {
        let filter = ResolvedFilter(selection.filter, names: snapshot.names)
        let span = snapshot.span(selection.range)
        var newest = NewestPlaces(GroupLabels(dimension, level: nil, snapshot.names))
        for view in MessageSearch.ordered(snapshot.segments, true) {
            try collect(view, dimension.counted, filter, span, snapshot, &newest)
        }
        guard newest.found.count <= Limits.replyRowsMax else {
            throw RequestError(
                "LATEST has \(newest.found.count) names; accepted: at most "
                    + "\(Limits.replyRowsMax), add filters or a range")
        }
        let found = newest.found.sorted { $0.name.lexicographicallyPrecedes($1.name) }
        var rows = MessageRows(limit: found.count)
        var envelopes = EnvelopeReader(snapshot.segments)
        for (_, place) in found {
            let time = Timestamp(microseconds: place.time)
            if try rows.append(place.sequence, time, &envelopes) == .dropped {
                rows.appendWithoutEnvelope(place.sequence, time)
            }
        }
        return (found.map(\.name), rows)
    }

    private static func collect(
        _ view: SegmentView, _ counted: Dimension, _ filter: ResolvedFilter, _ span: Span,
        _ snapshot: borrowing Snapshot, _ newest: inout NewestPlaces
    ) throws {
        let columns = view.segment.columns
        guard columns.names.count(of: counted) > 0,
            var search = try SegmentSearch(view, filter, span, descending: true)
        else { return }
        let labels = newest.labels(of: try view.globals(of: counted))
        let wanted: ColumnSelection = counted == .topic ? .topics : .set(of: counted)
        while let (index, bounds) = search.next() {
            guard newest.mayChange(labels, by: bounds.upperBound) else { continue }
            try snapshot.checkStopped()
            guard let (block, places) = search.block(index, reading: wanted) else { continue }
            for row in places {
                let place = MessagePlace(
                    time: block.times[row],
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
