import Engine
import MessageLog
import Model

/// Where a message stands in a listing: by time, then by sequence.
struct MessagePlace: Comparable {
    var time: Int64
    var sequence: UInt64

    static func < (left: Self, right: Self) -> Bool {
        (left.time, left.sequence) < (right.time, right.sequence)
    }
}

/// The best `limit` places seen so far: the newest, or the oldest.
struct BestPlaces {
    let descending: Bool
    private let limit: Int
    /// A heap whose first element is the one to go next.
    private var heap: [MessagePlace] = []

    init(limit: Int, descending: Bool) {
        self.limit = limit
        self.descending = descending
        heap.reserveCapacity(min(limit, Self.placesReserved))
    }

    /// Memory is taken at once for so many.
    private static let placesReserved = 128

    private func isWorse(_ left: MessagePlace, _ right: MessagePlace) -> Bool {
        descending ? left < right : left > right
    }

    /// Whether a message within `bounds` could still be among the best.
    func mayTake(anyOf bounds: ClosedRange<Int64>) -> Bool {
        guard heap.count == limit, let worst = heap.first else { return true }
        return descending ? bounds.upperBound >= worst.time : bounds.lowerBound <= worst.time
    }

    /// The time of the one to go next, once there are as many as are wanted: nothing beyond it is
    /// among the best.
    var worstTime: Int64? { heap.count == limit ? heap.first?.time : nil }

    func wouldTake(_ place: MessagePlace) -> Bool {
        guard heap.count == limit, let worst = heap.first else { return true }
        return isWorse(worst, place)
    }

    mutating func take(_ place: MessagePlace) {
        if heap.count < limit {
            heap.append(place)
            var child = heap.count - 1
            while child > 0, isWorse(heap[child], heap[(child - 1) / 2]) {
                heap.swapAt(child, (child - 1) / 2)
                child = (child - 1) / 2
            }
            return
        }
        heap[0] = place
        var parent = 0
        while true {
            var worst = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && isWorse(heap[child], heap[worst]) {
                worst = child
            }
            if worst == parent { return }
            heap.swapAt(parent, worst)
            parent = worst
        }
    }

    /// The best first.
    var sorted: [MessagePlace] { heap.sorted { isWorse($1, $0) } }
}
