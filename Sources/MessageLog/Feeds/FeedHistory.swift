import Model

/// What all notes of feeds say together: a function of the log's control records, in their order.
package struct FeedHistory: Hashable, Sendable {
    /// How far another log was read.
    package struct Position: Hashable, Sendable {
        package var next: UInt64
        /// Older messages were left out.
        package var floor: Timestamp

        package init(next: UInt64, floor: Timestamp) {
            self.next = next
            self.floor = floor
        }
    }

    /// What one feed has heard.
    package struct Hearing: Hashable, Sendable {
        package var first: Timestamp
        package var last: Timestamp
    }

    /// By feed.
    package private(set) var heard: [String: Hearing] = [:]
    /// By number, ascending.
    package private(set) var gaps: [Gap] = []
    private var positions: [String: [String: Position]] = [:]

    package init() {}

    /// Takes the notes of a log.
    package init(_ log: LogSnapshot) {
        for (_, record) in log.controls {
            if let note = FeedNote(record) { take(note) }
        }
    }

    /// The number of the next gap.
    package var nextNumber: UInt64 { (gaps.last?.number ?? 0) + 1 }

    package func gap(_ number: UInt64) -> Gap? { place(of: number).map { gaps[$0] } }

    package func gaps(of feed: String) -> some Sequence<Gap> {
        gaps.lazy.filter { $0.feed == feed }
    }

    package func position(of feed: String, in source: String) -> Position? {
        positions[feed]?[source]
    }

    package mutating func take(_ note: FeedNote) {
        switch note {
        case .heard(let feed, let time):
            let first = heard[feed]?.first ?? time
            heard[feed] = Hearing(first: min(first, time), last: time)
        case .gapBegan(let number, let feed, let reason, let from, let to, let detail):
            // Numbers ascend in the log; anything else was not written by this program.
            guard number >= nextNumber else { return }
            gaps.append(
                Gap(
                    number: number, feed: feed, reason: reason, from: from, to: to, detail: detail))
        case .gapEnded(let number, let to):
            change(number) { $0.to = to }
        case .fetched(let number, let source, let before):
            change(number) { $0.fetched[source] = before }
        case .filled(let number, let source):
            change(number) { $0.filledBy.insert(source) }
        case .read(let feed, let source, let next, let floor):
            positions[feed, default: [:]][source] = Position(next: next, floor: floor)
        }
    }

    private mutating func change(_ number: UInt64, _ body: (inout Gap) -> Void) {
        if let place = place(of: number) { body(&gaps[place]) }
    }

    private func place(of number: UInt64) -> Int? {
        var (low, high) = (0, gaps.count)
        while low < high {
            let middle = (low + high) / 2
            if gaps[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low < gaps.count && gaps[low].number == number ? low : nil
    }
}
