import MessageLog
import Rollup
import Synchronization

/// What readers start from: the log's segments up to `end`, and the runs that LMDB may lack.
///
/// The runs are contiguous and end at `folded`; rows behind it are read from the columns.
package struct HeadState: Sendable {
    package var segments: [SegmentView] = []
    /// The times of the first and the last message of all segments; nil where there is none, and
    /// where one cannot be read.
    package var timeBounds: ClosedRange<Int64>?
    /// The last visible sequence.
    package var end: UInt64 = 0
    package var runs: [Run] = []
    /// The last sequence that runs or LMDB cover.
    package var folded: UInt64 = 0
}

extension ClosedRange<Int64>? {
    /// What holds both ranges; nil stands for an empty one.
    package func spanning(_ other: ClosedRange<Int64>?) -> ClosedRange<Int64>? {
        guard let own = self, let other else { return self ?? other }
        return min(own.lowerBound, other.lowerBound)...max(own.upperBound, other.upperBound)
    }
}

/// The published head. The log thread moves its end, the index thread its runs.
final class Head: Sendable {
    private let state: Mutex<HeadState>

    init(_ initial: HeadState) { state = Mutex(initial) }

    var current: HeadState { state.withLock { $0 } }

    /// Shows these segments, up to `end`.
    func show(_ segments: [SegmentView], end: UInt64) {
        let bounds = Self.timeBounds(segments)
        state.withLock {
            $0.segments = segments
            $0.timeBounds = bounds
            $0.end = end
        }
    }

    private static func timeBounds(_ segments: [SegmentView]) -> ClosedRange<Int64>? {
        // One walk: it is made for every batch, over all segments.
        var bounds: ClosedRange<Int64>?
        for view in segments {
            if view.segment.columns.isStandIn { return nil }
            bounds = bounds.spanning(view.segment.columns.timeBounds)
        }
        return bounds
    }

    /// Adds a run behind the others.
    func add(_ run: Run) {
        state.withLock {
            precondition(run.sequences.lowerBound == $0.folded + 1, "runs are contiguous")
            $0.runs.append(run)
            $0.folded = run.sequences.upperBound
        }
    }

    /// Puts `merged` in the place of the runs whose range it covers.
    func replace(with merged: Run) {
        state.withLock {
            guard
                let first = $0.runs.firstIndex(where: {
                    $0.sequences.lowerBound == merged.sequences.lowerBound
                }),
                let last = $0.runs.firstIndex(where: {
                    $0.sequences.upperBound == merged.sequences.upperBound
                })
            else { preconditionFailure("a merged run covers whole runs") }
            $0.runs.replaceSubrange(first...last, with: [merged])
        }
    }

    /// Lets go of the runs that LMDB now covers.
    func drop(upTo watermark: UInt64) {
        state.withLock { state in
            state.runs.removeAll { $0.sequences.upperBound <= watermark }
        }
    }
}
