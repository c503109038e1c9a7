import Envelope
import MessageLog
import Model

/// Follows what publishers count, and sees where they jump forward.
///
/// `seq_id` belongs to one service for ever: a jump is a loss. `i` belongs to one process, and
/// nothing in a message tells the processes of one service apart: so several are followed side by
/// side, a 1 begins a new one, and a jump is only a suspicion. What is lost before a process is
/// first heard, or with its last messages, no counter shows.
struct PublisherCounters {
    /// A counter went forward by more than one.
    struct Jump: Equatable {
        var reason: Gap.Reason
        /// How many messages were not received.
        var missing: Int64
        /// The times of the messages before and behind.
        var from: Timestamp
        var to: Timestamp
    }

    private struct Counter {
        var last: Int64
        var time: Timestamp
    }

    private struct Publisher {
        var counters: [Counter] = []
        var sequence: Counter?
        var lastHeard: Timestamp

        mutating func take(_ origin: Origin, arrival: Timestamp) -> Jump? {
            lastHeard = arrival
            if let number = origin.sequence {
                return PublisherCounters.followSequence(&sequence, number, origin.time)
            }
            guard let number = origin.counter else { return nil }
            return PublisherCounters.follow(&counters, number, origin.time)
        }
    }

    private var publishers: [Int: Publisher] = [:]

    /// - Parameters:
    ///   - publisher: tells publishers apart, as far as can be.
    ///   - arrival: when the message came.
    mutating func take(_ origin: Origin, of publisher: Int, arrival: Timestamp) -> Jump? {
        if let place = publishers.index(forKey: publisher) {
            return publishers.values[place].take(origin, arrival: arrival)
        }
        makeRoom()
        var new = Publisher(lastHeard: arrival)
        let first = new.take(origin, arrival: arrival)
        precondition(first == nil, "the first number of a publisher is no jump")
        publishers[publisher] = new
        return nil
    }

    private static func followSequence(
        _ sequence: inout Counter?, _ number: Int64, _ time: Timestamp
    ) -> Jump? {
        let before = sequence
        if let before, before.last >= number { return nil }
        sequence = Counter(last: number, time: time)
        guard let before, number > before.last + 1 else { return nil }
        return Jump(
            reason: .sequence, missing: number - before.last - 1, from: before.time, to: time)
    }

    private static func follow(
        _ counters: inout [Counter], _ number: Int64, _ time: Timestamp
    ) -> Jump? {
        if let place = counters.lastIndex(where: { $0.last == number - 1 }) {
            counters[place] = Counter(last: number, time: time)
            return nil
        }
        // The same message by another way.
        if counters.contains(where: { $0.last == number }) { return nil }
        let nearest = counters.indices
            .filter {
                counters[$0].last < number
                    && number - counters[$0].last <= Limits.feedCounterJumpMax
            }
            .max { counters[$0].last < counters[$1].last }
        guard number > 1, let nearest else {
            if counters.count == Limits.feedCountersPerPublisherMax {
                let oldest = counters.indices.min { counters[$0].time < counters[$1].time }
                if let oldest { counters.remove(at: oldest) }
            }
            counters.append(Counter(last: number, time: time))
            return nil
        }
        let before = counters[nearest]
        counters[nearest] = Counter(last: number, time: time)
        return Jump(
            reason: .counter, missing: number - before.last - 1, from: before.time, to: time)
    }

    private mutating func makeRoom() {
        guard publishers.count >= Limits.feedPublishersMax else { return }
        let oldest = publishers.min { $0.value.lastHeard < $1.value.lastHeard }
        if let oldest { publishers[oldest.key] = nil }
    }
}
