import Model

/// Which segments become one archive next.
struct CompactionPlan {
    /// Places in the list of segments.
    var places: Range<Int>
    /// zstd's level.
    var level: Int

    /// What periodic compaction does: archives full journals, oldest first, then merges
    /// neighbours of one size, smallest first. Every message is so rewritten a few times in all.
    /// - Parameters:
    ///   - segments: sealed, by sequence.
    ///   - fullRows: a journal with so many is full.
    ///   - fullBytes: the same in bytes.
    ///   - skipped: keys of segments that cannot be read; they stay, and part their neighbours.
    init?(_ segments: [Segment], fullRows: Int, fullBytes: Int, skipped: Set<UInt64>) {
        let full = segments.firstIndex { segment in
            guard case .journal = segment.payloads, !skipped.contains(segment.key) else {
                return false
            }
            return segment.rows >= fullRows
                || segment.columns.position(ofRow: segment.rows - 1) >= UInt64(fullBytes)
        }
        if let full {
            self.init(places: full..<full + 1, level: Limits.sealingLevel)
            return
        }
        let tiers = segments.map { skipped.contains($0.key) ? Int.max : Self.tier($0.rows) }
        for tier in Set(tiers).sorted() where tier < Int.max {
            if let places = Self.neighbours(segments, tiers, upTo: tier) {
                self.init(places: places, level: Limits.mergingLevel)
                return
            }
        }
        return nil
    }

    /// What compaction on demand does: archives all journals, and merges all neighbours that fit
    /// into one segment; those that are half full already are left as they are.
    init?(everythingOf segments: [Segment], skipped: Set<UInt64>) {
        var start = 0
        while start < segments.count {
            var end = start
            var rows = 0
            while end < segments.count, rows + segments[end].rows <= Limits.mergedRecordsMax,
                !Self.isGrown(segments[end]), !skipped.contains(segments[end].key)
            {
                rows += segments[end].rows
                end += 1
            }
            if end - start > 1 || end > start && !segments[start].isArchived {
                self.init(places: start..<end, level: Limits.mergingLevel)
                return
            }
            start = max(end, start + 1)
        }
        return nil
    }

    private init(places: Range<Int>, level: Int) {
        self.places = places
        self.level = level
    }

    private static func isGrown(_ segment: Segment) -> Bool {
        segment.isArchived && segment.rows > Limits.mergedRecordsMax / 2
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
        _ segments: [Segment], _ tiers: [Int], upTo tier: Int
    ) -> Range<Int>? {
        var start = 0
        var rows = 0
        for place in segments.indices {
            let own = segments[place].rows
            if tiers[place] > tier || rows + own > Limits.mergedRecordsMax {
                if place - start >= Limits.mergeSegments { return start..<place }
                start = tiers[place] > tier ? place + 1 : place
                rows = 0
            }
            if tiers[place] <= tier { rows += own }
        }
        return segments.count - start >= Limits.mergeSegments ? start..<segments.count : nil
    }
}

extension Segment {
    var isArchived: Bool {
        if case .archive = payloads { true } else { false }
    }
}
