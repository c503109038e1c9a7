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
    private let state: Mutex<State>

    private struct State {
        /// Segments' name maps, by first sequence.
        var maps: [UInt64: SegmentNameMap] = [:]
        /// The names of all records up to this one have their ids.
        var named: UInt64
    }

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
        state = Mutex(State(named: named))
    }

    func publish() {
        state.withLock { state in
            let snapshot = log.snapshot
            let known = head.current.segments
            let segments = snapshot.segments.enumerated().map { place, segment in
                if place < known.count, known[place].segment === segment { return known[place] }
                let map = state.maps[segment.firstSequence] ?? SegmentNameMap(names)
                state.maps[segment.firstSequence] = map
                let view = SegmentView(segment, map)
                // Names that cannot be read have no ids: whoever asks for them is refused.
                if view.lastSequence > state.named { try? map.intern(segment.columns) }
                return view
            }
            state.named = max(state.named, snapshot.end)
            // Merged segments are gone, and their names are the merged one's.
            if state.maps.count > segments.count {
                let shown = Set(segments.map(\.segment.firstSequence))
                state.maps = state.maps.filter { shown.contains($0.key) }
            }
            head.show(segments, end: snapshot.end)
            progress.published(
                snapshot.end, unsealed: log.unsealedSegments,
                unarchived: snapshot.unarchivedSegments)
            watchers.reached(snapshot.end)
        }
    }
}
