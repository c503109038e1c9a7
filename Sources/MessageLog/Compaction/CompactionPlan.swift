import Model

/// Which segments become one next.
struct CompactionPlan {
    /// Places in the list of segments.
    private(set) var places: Range<Int>
    let effort: ArchiveEffort

    /// What periodic compaction does: archives full journals, oldest first, then merges
    /// neighbours of one size, smallest first. Every message is so rewritten a few times in all.
    /// - Parameters:
    ///   - segments: sealed, by sequence.
    ///   - fullRows: a journal with so many is full.
    ///   - fullBytes: the same in bytes.
    ///   - skipped: keys of segments that cannot be read; they stay, and part their neighbours.
    init?(
        _ segments: [Segment], _ limits: MergeLimits, fullRows: Int, fullBytes: Int,
        skipped: Set<UInt64>
    ) {
        let journals = segments.indices.filter { place in
            segments[place].isInJournal && !skipped.contains(segments[place].key)
        }
        // Appends wait behind too many journals, also behind small ones that nothing merges.
        let areMany = journals.count > Limits.unarchivedSegmentsMax / 2
        let full = journals.first { place in
            let segment = segments[place]
            return areMany || segment.rows >= fullRows || segment.payloadBytes >= fullBytes
        }
        if let full {
            self.init(places: full..<full + 1, effort: .sealing)
            return
        }
        let tiers = segments.map { Self.tier($0.rows) }
        let stretches = Self.stretches(segments, skipped)
        for tier in Set(tiers).sorted() {
            for stretch in stretches {
                if let places = Self.neighbours(segments, stretch, tiers, upTo: tier, limits) {
                    let rows = segments[places].reduce(0) { $0 + $1.rows }
                    self.init(segments, places, .init(mergedRows: rows))
                    return
                }
            }
        }
        return nil
    }

    /// What compaction on demand does: archives all journals, and merges all neighbours that fit
    /// into one segment; those that are half full already are left as they are.
    init?(everythingOf segments: [Segment], _ limits: MergeLimits, skipped: Set<UInt64>) {
        for stretch in Self.stretches(segments, skipped) {
            var start = stretch.lowerBound
            while start < stretch.upperBound {
                // A journal becomes an archive however large it is.
                var end = start + 1
                var merged = MergedSize(limits)
                if !Self.isGrown(segments[start]), merged.take(segments[start]) {
                    while end < stretch.upperBound, !Self.isGrown(segments[end]),
                        merged.take(segments[end])
                    {
                        end += 1
                    }
                }
                if end - start > 1 || segments[start].isInJournal {
                    self.init(segments, start..<end, .merging)
                    return
                }
                start = end
            }
        }
        return nil
    }

    private init(places: Range<Int>, effort: ArchiveEffort) {
        self.places = places
        self.effort = effort
    }

    /// Where several segments have more in journals than may be in memory at once, journals become
    /// archives first, one by one.
    private init(_ segments: [Segment], _ places: Range<Int>, _ effort: ArchiveEffort) {
        let journals = places.filter { segments[$0].isInJournal }
        let bytes = journals.reduce(0) { $0 + segments[$1].payloadBytes }
        if let first = journals.first, places.count > 1, bytes > Limits.archivedJournalBytesMax {
            self.init(places: first..<first + 1, effort: .sealing)
        } else {
            self.init(places: places, effort: effort)
        }
    }

    /// Neighbours that may be merged at all: with payloads, or all without them.
    private static func stretches(_ segments: [Segment], _ skipped: Set<UInt64>) -> [Range<Int>] {
        var stretches: [Range<Int>] = []
        var start = 0
        for place in segments.indices {
            let isSkipped = skipped.contains(segments[place].key)
            if isSkipped || segments[place].isDropped != segments[start].isDropped {
                stretches.append(start..<place)
                start = place
            }
            if isSkipped { start = place + 1 }
            if start == segments.count { return stretches }
        }
        return stretches + [start..<segments.count]
    }

    private static func isGrown(_ segment: Segment) -> Bool {
        !segment.isInJournal && segment.rows > Limits.mergedRecordsMax / 2
    }

    /// 0 up to 1,000 rows, 1 up to 4,000, 2 up to 16,000 and so on.
    private static func tier(_ rows: Int) -> Int {
        var tier = 0
        var size = 1_000
        while rows > size {
            tier += 1
            size *= Limits.mergeSegments
        }
        return tier
    }

    /// The first segments side by side, none of them larger than `tier`, that are worth merging.
    private static func neighbours(
        _ segments: [Segment], _ stretch: Range<Int>, _ tiers: [Int], upTo tier: Int,
        _ limits: MergeLimits
    ) -> Range<Int>? {
        var start = stretch.lowerBound
        var merged = MergedSize(limits)
        for place in stretch {
            let isSmall = tiers[place] <= tier
            if isSmall, merged.take(segments[place]) { continue }
            if place - start >= Limits.mergeSegments { return start..<place }
            merged = MergedSize(limits)
            start = isSmall && merged.take(segments[place]) ? place : place + 1
        }
        let end = stretch.upperBound
        return end - start >= Limits.mergeSegments ? start..<end : nil
    }
}

/// How large a merged segment may be. Payloads are dropped segment by segment, so under retention a
/// segment is a small part of what is kept.
struct MergeLimits {
    /// From the earliest to the latest message.
    var microseconds = Int64.max
    /// On disk.
    var payloadBytes = Int.max

    /// What is kept is at least so many segments.
    private static let parts = 8

    init(_ retention: Retention) {
        if let seconds = retention.seconds, seconds < .max / 1_000_000 {
            microseconds = seconds * 1_000_000 / Int64(Self.parts)
        }
        if let bytes = retention.bytes { payloadBytes = bytes / Self.parts }
    }
}

/// What segments come to that are to be merged.
struct MergedSize {
    /// What archives make of journals, roughly.
    private static let archivedShare = 5
    private let limits: MergeLimits
    private var rows = 0
    private var payloadBytes = 0
    private var earliest = Int64.max
    private var latest = Int64.min

    init(_ limits: MergeLimits) { self.limits = limits }

    /// Adds a segment, if all of them are within the limits then.
    mutating func take(_ segment: Segment) -> Bool {
        var sum = self
        sum.rows += segment.rows
        sum.payloadBytes +=
            segment.isInJournal ? segment.payloadBytes / Self.archivedShare : segment.payloadBytes
        if let bounds = segment.columns.timeBounds, !segment.isDropped {
            sum.earliest = min(earliest, bounds.lowerBound)
            sum.latest = max(latest, bounds.upperBound)
        }
        guard sum.rows <= Limits.mergedRecordsMax, sum.payloadBytes <= limits.payloadBytes,
            sum.earliest > sum.latest
                || UInt64(bitPattern: sum.latest &- sum.earliest) <= UInt64(limits.microseconds)
        else { return false }
        self = sum
        return true
    }
}
