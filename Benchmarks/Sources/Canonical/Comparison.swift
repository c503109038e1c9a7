import Tallylog

/// What `compare/compare.py` runs, with the figures of the peers: lines of JSON.
///
/// CPU for archives that are made while messages come is not in the figures of ingest; it is in
/// those of `archiving`, with the compaction after it.
enum Comparison {
    static func ingest(_ data: String, _ directory: String) async throws {
        let batches = try Ingest.parsed(data)
        let messages = batches.reduce(0) { $0 + $1.count }
        let store = try Store.open(directory)
        let watch = Stopwatch()
        func report(_ name: String) {
            watch.figure(
                name, messages: messages, less: store.archiving.processorMicroseconds)
        }
        try await Ingest.append(batches, to: store, inFlight: 4) { $0 }
        report("ingest")
        try store.checkpoint()
        report("ingest and checkpoint")
        let before = store.archiving.processorMicroseconds
        let compaction = Stopwatch()
        try store.compact()
        compaction.figure("archiving", messages: messages, less: -before)
        try store.close()
    }

    static func query(_ data: String, _ directory: String) throws {
        let questions = try QuestionSet(data, odd: false)
        let opening = Stopwatch()
        let store = try Store.open(directory)
        _ = try questions.ofKind(1).first.map { try store.ask($0) }
        opening.figure("open", messages: 0)
        for kind in 1...5 {
            let asked = try Asking(questions.ofKind(kind), of: store) {
                QuestionSet.comparedSum(kind, $0)
            }
            print(
                "{\"figure\": \"question\", \"kind\": \(kind), \"p50\": \(asked.percentile(50)), "
                    + "\"p99\": \(asked.percentile(99)), \"cpu\": \(asked.processorEach), "
                    + "\"sum\": \(asked.sum)}")
        }
        try store.close()
    }
}

extension Stopwatch {
    /// Prints what `report` of the peers prints.
    /// - Parameter less: processor time that is not to be counted, in microseconds.
    func figure(_ name: String, messages: Int, less: Int = 0) {
        let processor = Double(processorSinceStart - less) / 1e6
        print(
            "{\"figure\": \"\(name)\", \"messages\": \(messages), "
                + "\"seconds\": \(secondsSinceStart), \"cpu\": \(processor)}")
    }
}

extension QuestionSet {
    /// The sums of `compare/measuring.h`: of buckets, of ranks, of envelopes.
    static func comparedSum(_ kind: Int, _ reply: Reply) -> Int64 {
        switch reply {
        case .pairs(let pairs):
            let width: Int64 = kind == 1 ? 3_600 : 86_400
            return pairs.reduce(0) { $0 + ($1.0 / width % 1_000 + 1) * $1.1 }
        case .ranking(let names):
            return zip(1..., names).reduce(0) { $0 + $1.0 * $1.1.count }
        case .array(let parts):
            guard parts.count == 2, case .messages(let found) = parts[1] else { return 0 }
            return found.rows.reduce(0) { sum, row in
                guard let text = found.envelope(row) else { return sum }
                return sum + Int64(text.count * Int(text[text.startIndex + text.count / 2]))
            }
        default: return 0
        }
    }
}
