import MadeUp
import Tallylog

/// A history as it grows: 30 days a million messages, and with each million 5,000 more users and
/// 500 more packages. Made as it is taken in, so any length of it needs no file.
enum Growth {
    private static let step = 1_000_000
    private static let days: Int64 = 30
    /// 2018: a hundred million end before today, for what is ahead of the clock is refused.
    private static let start: Int64 = 1_514_764_800

    private static func steps(of messages: Int) -> Int { (messages + step - 1) / step }

    private static func secondsAfter(_ steps: Int) -> Int64 { start + Int64(steps) * days * 86_400 }

    /// Goes on where an earlier growth ended, or was stopped: a million that is there in part is
    /// taken in again, and what is there of it counts once.
    /// - Parameter messages: in all; rounded up to whole millions, but for less than one.
    static func grow(_ directory: String, _ messages: Int) async throws {
        let memory = MemoryWatch()
        let store = try Store.open(directory, profile: "generic")
        let watch = Stopwatch()
        let before = Int(try store.count())
        for number in before / step..<max(before / step, steps(of: messages)) {
            let count = min(step, messages)
            let batches = batches(of: number, count)
            try await Ingest.append(batches, to: store, inFlight: 4) { envelopes in
                var batch = store.makeBatch()
                let refused = batch.add(envelopes)
                precondition(refused.isEmpty, "a made-up message is a message")
                return batch
            }
            print("\((number + 1) * count) messages, \(MemoryWatch.now.anonymous / 1_000) MB")
        }
        try store.checkpoint()
        let fresh = Int(try store.count()) - before
        watch.report("grown, with what it takes to make messages up", messages: fresh)
        try store.compact()
        watch.report("the same, compacted", messages: fresh)
        memory.report()
        try store.close()
    }

    private static func batches(of number: Int, _ count: Int) -> some Sequence<[[UInt8]]> {
        let end = Timestamp(seconds: secondsAfter(number + 1) - 1)
        var generator = MessageGenerator(
            .init(
                count: count, end: end, spanSeconds: days * 86_400 - 1,
                users: 5_000 * (number + 1), packages: 500 * (number + 1),
                seed: UInt64(number + 1)))
        return AnyIterator {
            var envelopes: [[UInt8]] = []
            while envelopes.count < Ingest.batchMessages, let message = generator.next() {
                envelopes.append(Array(message.envelope))
            }
            return envelopes.isEmpty ? nil : envelopes
        }
    }

    /// Q1 to Q4 about the last 30 days, of the names that are most often seen in them.
    static func ask(_ directory: String) throws {
        let opening = Stopwatch()
        let store = try Store.open(directory)
        opening.report("open", messages: nil)
        let messages = Int(try store.count())
        let last = secondsAfter(steps(of: messages))
        let month = range(last - days * 86_400, last)
        let topics = try store.top(300, .topic, Selection(range: month)).map { Array($0.name.utf8) }
        let users = try store.top(300, .user, Selection(range: month)).map { Array($0.name.utf8) }
        let weeks = (0..<300).map { place in
            let from = last - 30 * 86_400 + Int64(place) * 3_600
            return range(from, from + 7 * 86_400)
        }
        let kinds: [(String, [Question])] = [
            ("Q1", topics.map { QuestionSet.series(.hour, .topic, $0, month) }),
            ("Q2", users.map { QuestionSet.series(.day, .user, $0, month) }),
            ("Q3", zip(topics, weeks).map { QuestionSet.topUsers(ofTopic: $0, $1) }),
            ("Q4", weeks.map(QuestionSet.topTopics)),
        ]
        for (name, questions) in kinds {
            let asked = try Asking(questions, of: store, sum: QuestionSet.sum)
            print(
                "\(name) p50 \(asked.percentile(50)) us, p99 \(asked.percentile(99)) us, "
                    + "sum \(asked.sum)")
        }
        print("anonymous memory: \(MemoryWatch.now.anonymous / 1_000) MB")
        try store.close()
    }

    private static func range(_ lower: Int64, _ upper: Int64) -> TimeRange {
        TimeRange(lower: Timestamp(seconds: lower), upper: Timestamp(seconds: upper))
    }
}
