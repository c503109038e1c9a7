import Model

extension RollupView {
    /// Adds the counts of a group per bucket.
    /// - Parameters:
    ///   - granularity: minutes only of `.all` and `.topic`.
    ///   - buckets: numbered from the epoch.
    ///   - counts: `counts[place + i]` is of bucket `buckets.lowerBound + i`.
    package borrowing func addSeries(
        _ group: SeriesGroup, _ granularity: Granularity, buckets: Range<Int64>,
        into counts: inout [Int64], at place: Int = 0
    ) throws(RollupError) {
        precondition(place >= 0 && place + buckets.count <= counts.count, "one count a bucket")
        let perBucket = granularity.seconds
        // Nothing outside the hours that messages fall into, and a bucket at their edge.
        let low = (hours.lowerBound * 3_600).floorDivided(by: perBucket)
        let high = (hours.upperBound * 3_600 - 1).floorDivided(by: perBucket) + 1
        let cut = buckets.clamped(to: hours.isEmpty ? 0..<0 : low..<high)
        if cut.isEmpty { return }
        let first = place + Int(cut.lowerBound - buckets.lowerBound)
        var failure: RollupError?
        unsafe counts.withUnsafeMutableBufferPointer { all in
            // No count is so large that it would be negative.
            unsafe all.withMemoryRebound(to: UInt64.self) { cells in
                guard let base = cells.baseAddress else { return }
                do throws(RollupError) {
                    unsafe try addSeries(group, granularity, cut, to: base + first)
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
    }

    private borrowing func addSeries(
        _ group: SeriesGroup, _ granularity: Granularity, _ buckets: Range<Int64>,
        to target: UnsafeMutablePointer<UInt64>
    ) throws(RollupError) {
        let plain: RowKind =
            switch granularity {
            case .minute: .topicMinute
            case .hour: .topicHour
            case .day: .topicDay
            }
        switch group {
        case .all: unsafe try addSeries(plain, 0, buckets, to: target)
        case .topic(let topic): unsafe try addSeries(plain, topic, buckets, to: target)
        case .user(let user) where granularity == .day:
            unsafe try addSeries(.userDay, user, buckets, to: target)
        case .package(let package) where granularity == .day:
            unsafe try addSeries(.packageDay, package, buckets, to: target)
        case .user(let user):
            unsafe try addHistory(.userTopic, user, nil, granularity, buckets, to: target)
        case .package(let package):
            unsafe try addHistory(.packageTopic, package, nil, granularity, buckets, to: target)
        case .userTopic(let user, let topic):
            unsafe try addHistory(.userTopic, user, topic, granularity, buckets, to: target)
        case .packageTopic(let package, let topic):
            unsafe try addHistory(.packageTopic, package, topic, granularity, buckets, to: target)
        }
    }

    /// Adds a stored series.
    private borrowing func addSeries(
        _ kind: RowKind, _ group: UInt32, _ buckets: Range<Int64>,
        to target: UnsafeMutablePointer<UInt64>
    ) throws(RollupError) {
        let perChunk = kind.bucketsPerChunk
        let chunks = buckets.floorDivided(by: perChunk)
        for source in sources {
            for chunk in chunks {
                guard
                    let tally = unsafe try groupSegment(
                        source, kind, chunk: chunk, group: group)
                else { continue }
                let first = chunk * perChunk
                let inside = buckets.clamped(to: first..<first + perChunk)
                let keys = UInt64(inside.lowerBound - first)..<UInt64(inside.upperBound - first)
                let offset = Int(first - buckets.lowerBound)
                guard unsafe Self.add(tally, keys, to: target, offset) else {
                    throw .damaged("a tally of kind \(kind.word)")
                }
            }
        }
    }

    /// Adds a tally's keys in `keys` to `target[offset + key]`.
    private static func add(
        _ tally: Tally, _ keys: Range<UInt64>, to target: UnsafeMutablePointer<UInt64>,
        _ offset: Int
    ) -> Bool {
        if unsafe tally.mode > Tally.split {
            guard let cells = unsafe tally.dense() else { return false }
            let low = unsafe max(keys.lowerBound, cells.first)
            let high = unsafe min(keys.upperBound, cells.first + UInt64(cells.count))
            if low < high {
                let range = unsafe Int(low - cells.first)..<Int(high - cells.first)
                unsafe addCells(cells, range, to: target + (offset + Int(low)))
            }
            return true
        }
        return unsafe tally.forEach(in: keys) { key, count in
            unsafe target[offset + Int(key)] &+= count
        }
    }

    /// Adds the hours of a user's or a package's own rows, of one topic or of all.
    private borrowing func addHistory(
        _ kind: RowKind, _ group: UInt32, _ topic: UInt32?, _ granularity: Granularity,
        _ buckets: Range<Int64>, to target: UnsafeMutablePointer<UInt64>
    ) throws(RollupError) {
        precondition(granularity != .minute, "histories are kept per hour")
        let hoursPerBucket: Int64 = granularity == .day ? 24 : 1
        let wanted = buckets.lowerBound * hoursPerBucket..<buckets.upperBound * hoursPerBucket
        let base = buckets.lowerBound
        try forEachHistory(kind, group, topic, wanted) { hour, _, count in
            let bucket = hoursPerBucket == 1 ? hour : hour.floorDivided(by: 24)
            unsafe target[Int(bucket - base)] &+= count
        }
    }

    /// Calls `body` with hour, topic and count of the cells of a user's or a package's rows.
    @inline(__always)
    borrowing func forEachHistory(
        _ kind: RowKind, _ group: UInt32, _ topic: UInt32?, _ wanted: Range<Int64>,
        _ body: (_ hour: Int64, _ topic: UInt64, _ count: UInt64) -> Void
    ) throws(RollupError) {
        let perChunk = kind.bucketsPerChunk
        let step = UInt64(perChunk)
        for source in sources {
            for chunk in wanted.floorDivided(by: perChunk) {
                guard
                    let tally = unsafe try groupSegment(
                        source, kind, chunk: chunk, group: group)
                else { continue }
                let first = chunk * perChunk
                let inside = wanted.clamped(to: first..<first + perChunk)
                let low = UInt64(inside.lowerBound - first)
                let high = UInt64(inside.upperBound - first)
                let keys = topic.map { UInt64($0) * step + low..<UInt64($0) * step + high }
                let intact = unsafe tally.forEach(in: keys ?? 0..<UInt64.max) { key, count in
                    let member = key / step
                    let hour = key - member * step
                    if hour >= low && hour < high { body(first + Int64(hour), member, count) }
                }
                guard intact else { throw .damaged("a tally of kind \(kind.word)") }
            }
        }
    }

    /// How many messages a group has within `hours` (numbered from the epoch).
    package borrowing func count(
        _ group: SeriesGroup, hours wanted: Range<Int64>
    ) throws(RollupError) -> UInt64 {
        let range = wanted.clamped(to: hours)
        if range.isEmpty { return 0 }
        let days = range.wholeDays
        guard !days.isEmpty, let rows = Self.dayRows(of: group) else {
            return try sumHours(group, range)
        }
        var sum = try sumSeries(rows.kind, rows.group, days)
        let (low, high) = (days.lowerBound * 24, days.upperBound * 24)
        if range.lowerBound < low { sum += try sumHours(group, range.lowerBound..<low) }
        if high < range.upperBound { sum += try sumHours(group, high..<range.upperBound) }
        return sum
    }

    private borrowing func sumHours(
        _ group: SeriesGroup, _ range: Range<Int64>
    ) throws(RollupError) -> UInt64 {
        switch group {
        case .all: try sumSeries(.topicHour, 0, range)
        case .topic(let topic): try sumSeries(.topicHour, topic, range)
        case .user(let user): try sumHistory(.userTopic, user, nil, range)
        case .package(let package): try sumHistory(.packageTopic, package, nil, range)
        case .userTopic(let user, let topic): try sumHistory(.userTopic, user, topic, range)
        case .packageTopic(let package, let topic):
            try sumHistory(.packageTopic, package, topic, range)
        }
    }

    /// The rows that count a group by day; nil where it is counted by hour alone.
    private static func dayRows(of group: SeriesGroup) -> (kind: RowKind, group: UInt32)? {
        switch group {
        case .all: (.topicDay, 0)
        case .topic(let topic): (.topicDay, topic)
        case .user(let user): (.userDay, user)
        case .package(let package): (.packageDay, package)
        case .userTopic, .packageTopic: nil
        }
    }

    private borrowing func sumSeries(
        _ kind: RowKind, _ group: UInt32, _ buckets: Range<Int64>
    ) throws(RollupError) -> UInt64 {
        let perChunk = kind.bucketsPerChunk
        var sum: UInt64 = 0
        for source in sources {
            for chunk in buckets.floorDivided(by: perChunk) {
                guard
                    let tally = unsafe try groupSegment(
                        source, kind, chunk: chunk, group: group)
                else { continue }
                let first = chunk * perChunk
                let inside = buckets.clamped(to: first..<first + perChunk)
                let keys = UInt64(inside.lowerBound - first)..<UInt64(inside.upperBound - first)
                guard unsafe tally.forEach(in: keys, { _, count in sum &+= count }) else {
                    throw .damaged("a tally of kind \(kind.word)")
                }
            }
        }
        return sum
    }

    private borrowing func sumHistory(
        _ kind: RowKind, _ group: UInt32, _ topic: UInt32?, _ range: Range<Int64>
    ) throws(RollupError) -> UInt64 {
        var sum: UInt64 = 0
        try forEachHistory(kind, group, topic, range) { _, _, count in sum &+= count }
        return sum
    }
}

extension Range<Int64> {
    /// The chunks of `width` that a range that is not empty touches.
    func floorDivided(by width: Int64) -> ClosedRange<Int64> {
        lowerBound.floorDivided(by: width)...(upperBound - 1).floorDivided(by: width)
    }

    /// The days that lie wholly in a range of hours; empty if there are none.
    var wholeDays: Self {
        let low = (lowerBound + 23).floorDivided(by: 24)
        let high = upperBound.floorDivided(by: 24)
        return low < high ? low..<high : low..<low
    }
}
