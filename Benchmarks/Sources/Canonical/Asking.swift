import Tallylog

/// Questions, asked one after the other in three passes: the best time of each counts, for what
/// else the machine does is not of interest.
struct Asking {
    private static let passes = 3
    /// Sorted.
    private let nanoseconds: [Int64]
    /// Microseconds of processor time a question.
    let processorEach: Double
    /// Of the answers of one pass.
    let sum: Int64

    init(_ questions: [Question], of store: Store, sum: (Reply) -> Int64) throws {
        var best = [Int64](repeating: .max, count: questions.count)
        var total: Int64 = 0
        var processor = 0
        for _ in 0..<Self.passes {
            total = 0
            let start = Stopwatch.processorMicroseconds
            for (place, question) in questions.enumerated() {
                let begun = Stopwatch.nanoseconds
                let reply = try store.ask(question)
                best[place] = min(best[place], Stopwatch.nanoseconds - begun)
                total += sum(reply)
            }
            processor += Int(Stopwatch.processorMicroseconds - start)
        }
        nanoseconds = best.sorted()
        processorEach = Double(processor) / Double(max(1, Self.passes * questions.count))
        self.sum = total
    }

    /// In microseconds.
    func percentile(_ percent: Int) -> Double {
        Double(nanoseconds[nanoseconds.count * percent / 100]) / 1_000
    }
}
