import Model

/// How many messages come per second, over some seconds.
struct ReceivePace {
    private static let microseconds: Int64 = 5_000_000

    private var since: Timestamp
    private var received = 0

    init(since: Timestamp) { self.since = since }

    mutating func look(now: Timestamp, _ counters: inout FeedCounters) {
        let passed = now.microseconds - since.microseconds
        // A clock that was set back begins anew.
        guard passed >= Self.microseconds || passed < 0 else { return }
        if passed > 0 {
            counters.rate = Double(counters.received - received) * 1_000_000 / Double(passed)
        }
        since = now
        received = counters.received
    }
}

/// The service that sent a message: the first four tokens of its topic, as in
/// `org.example.prod.git`.
enum ServiceName {
    private static let tokens = 4

    static func range(in topic: UnsafeRawBufferPointer) -> Range<Int> {
        var dots = 0
        for (place, byte) in topic.enumerated() where byte == UInt8(ascii: ".") {
            dots += 1
            if dots == tokens { return 0..<place }
        }
        return 0..<topic.count
    }
}
