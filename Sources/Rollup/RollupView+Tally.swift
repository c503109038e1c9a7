import Model

extension RollupView {
    /// Adds how often each member occurs in a group's messages within `hours`.
    /// - Parameters:
    ///   - group: a user or a package only with the members `.topic`.
    ///   - hours: numbered from the epoch.
    package borrowing func addTally(
        _ group: TallyGroup, of member: TallyMember, hours wanted: Range<Int64>,
        into accumulator: inout Accumulator
    ) throws(RollupError) {
        let range = wanted.clamped(to: hours)
        if range.isEmpty { return }
        accumulator.reserve(ids: idLimit(member))
        switch Self.rows(of: group, member) {
        case .history(let kind, let id):
            var intact = true
            try forEachHistory(kind, id, nil, range) { _, topic, count in
                if !accumulator.add(topic, count) { intact = false }
            }
            if !intact { throw .damaged("a tally of kind \(kind.word)") }
        case .shares(let hour, let day, let id):
            try unsafe select(hour, day, id, range) { tally, kind, adding throws(RollupError) in
                if !adding {
                    unsafe accumulator.subtractLater(tally)
                } else if unsafe !accumulator.add(tally) {
                    throw .damaged("a tally of kind \(kind.word)")
                }
            }
            if !accumulator.settle() { throw .damaged("a tally of kind \(hour.word)") }
        }
    }

    /// About how many entries `addTally` would add: a measure of its work, never below them.
    package borrowing func estimatedEntries(
        _ group: TallyGroup, of member: TallyMember, hours wanted: Range<Int64>
    ) throws(RollupError) -> Int {
        let range = wanted.clamped(to: hours)
        if range.isEmpty { return 0 }
        var bytes = 0
        switch Self.rows(of: group, member) {
        case .history(let kind, let id):
            for source in sources {
                for chunk in range.floorDivided(by: kind.bucketsPerChunk) {
                    bytes +=
                        unsafe try groupSegment(source, kind, chunk: chunk, group: id)?
                        .payload.count ?? 0
                }
            }
        case .shares(let hour, let day, let id):
            try unsafe select(hour, day, id, range) { tally, _, _ throws(RollupError) in
                unsafe bytes += tally.payload.count
            }
        }
        return bytes
    }

    /// Which rows hold a tally.
    private enum TallyRows {
        case history(RowKind, UInt32)
        case shares(hour: RowKind, day: RowKind, UInt32)
    }

    private static func rows(of group: TallyGroup, _ member: TallyMember) -> TallyRows {
        switch (group, member) {
        case (.all, .topic): .shares(hour: .allTopicHour, day: .allTopicDay, 0)
        case (.all, .user): .shares(hour: .topicUserHour, day: .topicUserDay, 0)
        case (.all, .package): .shares(hour: .topicPackageHour, day: .topicPackageDay, 0)
        case (.topic(let id), .user): .shares(hour: .topicUserHour, day: .topicUserDay, id)
        case (.topic(let id), .package):
            .shares(hour: .topicPackageHour, day: .topicPackageDay, id)
        case (.user(let id), .topic): .history(.userTopic, id)
        case (.package(let id), .topic): .history(.packageTopic, id)
        default:
            preconditionFailure("no tally of \(member) is kept for \(group)")
        }
    }

    /// Picks the tallies that add up to a range: whole days, and hours at its edges, or a day less
    /// the other hours where that is shorter.
    @inline(__always)
    private borrowing func select(
        _ hourKind: RowKind, _ dayKind: RowKind, _ group: UInt32, _ range: Range<Int64>,
        _ body: (_ tally: Tally, _ kind: RowKind, _ adding: Bool) throws(RollupError) -> Void
    ) throws(RollupError) {
        let days = range.wholeDays
        let touched = range.floorDivided(by: 24)
        for source in sources {
            if !days.isEmpty {
                for chunk in days.floorDivided(by: dayKind.bucketsPerChunk) {
                    let first = chunk * dayKind.bucketsPerChunk
                    let inside = days.clamped(to: first..<first + dayKind.bucketsPerChunk)
                    let wanted = Int(inside.lowerBound - first)..<Int(inside.upperBound - first)
                    guard let row = unsafe try row(source, dayKind, chunk: chunk, block: group)
                    else { continue }
                    try unsafe forEachSegment(row, wanted, dayKind) { tally throws(RollupError) in
                        unsafe try body(tally, dayKind, true)
                    }
                }
            }
            if !days.contains(touched.lowerBound) {
                try unsafe selectPart(
                    source, hourKind, dayKind, group, day: touched.lowerBound, range, body)
            }
            if touched.upperBound != touched.lowerBound && !days.contains(touched.upperBound) {
                try unsafe selectPart(
                    source, hourKind, dayKind, group, day: touched.upperBound, range, body)
            }
        }
    }

    /// Picks the tallies of a part of one day.
    private borrowing func selectPart(
        _ source: Int, _ hourKind: RowKind, _ dayKind: RowKind, _ group: UInt32, day: Int64,
        _ range: Range<Int64>,
        _ body: (_ tally: Tally, _ kind: RowKind, _ adding: Bool) throws(RollupError) -> Void
    ) throws(RollupError) {
        guard let hourRow = unsafe try row(source, hourKind, chunk: day, block: group) else {
            return
        }
        let inside = range.clamped(to: day * 24..<day * 24 + 24)
        let wanted = Int(inside.lowerBound - day * 24)..<Int(inside.upperBound - day * 24)
        var wantedBytes = 0
        var otherBytes = 0
        try unsafe forEachSegment(hourRow, 0..<wanted.lowerBound, hourKind) {
            otherBytes += unsafe $0.payload.count
        }
        try unsafe forEachSegment(hourRow, wanted, hourKind) {
            wantedBytes += unsafe $0.payload.count
        }
        try unsafe forEachSegment(hourRow, wanted.upperBound..<24, hourKind) {
            otherBytes += unsafe $0.payload.count
        }
        if wantedBytes > otherBytes + Self.dayLookupBytes,
            let whole = unsafe try daySegment(source, dayKind, group, day),
            unsafe whole.payload.count + otherBytes + Self.dayLookupBytes < wantedBytes
        {
            unsafe try body(whole, dayKind, true)
            for others in [0..<wanted.lowerBound, wanted.upperBound..<24] {
                try unsafe forEachSegment(hourRow, others, hourKind) {
                    tally throws(RollupError) in
                    unsafe try body(tally, hourKind, false)
                }
            }
            return
        }
        try unsafe forEachSegment(hourRow, wanted, hourKind) { tally throws(RollupError) in
            unsafe try body(tally, hourKind, true)
        }
    }

    /// Looking up a day's row costs about as much as decoding so many bytes.
    private static var dayLookupBytes: Int { 128 }

    private borrowing func daySegment(
        _ source: Int, _ kind: RowKind, _ group: UInt32, _ day: Int64
    ) throws(RollupError) -> Tally? {
        let chunk = day.floorDivided(by: kind.bucketsPerChunk)
        guard let row = unsafe try row(source, kind, chunk: chunk, block: group) else {
            return nil
        }
        var cursor = unsafe RowCursor(row)
        return unsafe cursor.find(UInt8(day - chunk * kind.bucketsPerChunk))?.tally
    }

    /// Calls `body` with the tallies of the segments whose numbers are in `numbers`.
    @inline(__always)
    private borrowing func forEachSegment(
        _ row: UnsafeRawBufferPointer, _ numbers: Range<Int>, _ kind: RowKind,
        _ body: (Tally) throws(RollupError) -> Void
    ) throws(RollupError) {
        if numbers.isEmpty { return }
        var cursor = unsafe RowCursor(row)
        while let segment = unsafe cursor.next() {
            let number = unsafe Int(segment.number)
            if number >= numbers.upperBound { return }
            if number >= numbers.lowerBound { unsafe try body(segment.tally) }
        }
        if unsafe cursor.damaged { throw .damaged("a row of kind \(kind.word)") }
    }
}
