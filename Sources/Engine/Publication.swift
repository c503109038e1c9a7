import MessageLog
import Model
import Rollup
import Synchronization

/// Shows readers what the log has: its segments as they are now, every name with its global id.
///
/// The log thread publishes what it appended, the index thread what it sealed; one at a time, so
/// that names get their ids in log order and no older state replaces a newer one.
final class Publication: Sendable {
    private let log: MessageLog
    private let names: NameTable
    private let head: Head
    private let progress: Progress
    private let watchers: Watchers
    /// Segments' name maps, by first sequence.
    private let maps = Mutex<[UInt64: SegmentNameMap]>([:])

    init(
        log: MessageLog, names: NameTable, head: Head, progress: Progress, watchers: Watchers
    ) {
        self.log = log
        self.names = names
        self.head = head
        self.progress = progress
        self.watchers = watchers
    }

    func publish() {
        maps.withLock { maps in
            let snapshot = log.snapshot
            let known = head.current.segments
            let segments = snapshot.segments.enumerated().map { place, segment in
                if place < known.count, known[place].segment === segment { return known[place] }
                let map = maps[segment.firstSequence] ?? SegmentNameMap()
                maps[segment.firstSequence] = map
                map.extend(segment.columns, interning: names)
                return SegmentView(segment: segment, names: map)
            }
            // Merged segments are gone, and their names are the merged one's.
            if maps.count > segments.count {
                let shown = Set(segments.map(\.segment.firstSequence))
                maps = maps.filter { shown.contains($0.key) }
            }
            head.show(segments, end: snapshot.end)
            progress.published(
                snapshot.end, unsealed: log.unsealedSegments,
                unarchived: snapshot.unarchivedSegments)
            watchers.reached(snapshot.end)
        }
    }
}
