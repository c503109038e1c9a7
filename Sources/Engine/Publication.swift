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
    /// The names of all records up to this one have their ids.
    private let named: Mutex<UInt64>

    /// - Parameter named: the last sequence whose names `names` has, with all before it.
    init(
        log: MessageLog, names: NameTable, named: UInt64, head: Head, progress: Progress,
        watchers: Watchers
    ) {
        self.log = log
        self.names = names
        self.head = head
        self.progress = progress
        self.watchers = watchers
        self.named = Mutex(named)
    }

    func publish() {
        named.withLock { named in
            let snapshot = log.snapshot
            let known = head.current.segments
            var shown = known[...]
            let segments = snapshot.segments.map { segment in
                shown = shown.drop { $0.segment.firstSequence < segment.firstSequence }
                if let view = shown.first, view.segment === segment { return view }
                let view = SegmentView(segment, map(of: segment, newest: known.last))
                // Names that cannot be read have no ids: whoever asks for them is refused.
                if view.lastSequence > named { try? view.names.intern(segment.columns) }
                return view
            }
            named = max(named, snapshot.end)
            head.show(segments, end: snapshot.end)
            progress.published(
                snapshot.end, unsealed: log.unsealedSegments,
                unarchived: snapshot.unarchivedSegments)
            watchers.reached(snapshot.end)
        }
    }

    /// The segment that grows goes on with what is known of its names. Of one that takes the place
    /// of others nothing is: most of an import's segments are never asked for theirs.
    private func map(of segment: Segment, newest: SegmentView?) -> SegmentNameMap {
        if let newest, newest.segment.firstSequence == segment.firstSequence {
            return newest.names
        }
        return SegmentNameMap(names)
    }
}
