import Foundation
import Glibc
import Tallylog

// The canonical workload: a million messages in, durable, with all their tallies; then questions.
//
//     Canonical ingest DATA STORE [in flight=1]   parsed batches of 10,000
//     Canonical lines DATA STORE                  the same from JSON lines
//     Canonical shuffled DATA STORE               in order, and in no order: STORE-in and STORE-sh
//     Canonical single DATA STORE [1000]          small durable appends beside bare ones
//     Canonical compact DATA STORE                archives and merges what the store has
//     Canonical query DATA STORE [even|odd] [5]   Q1 to Q7, or one of them, 300 questions each
//     Canonical read DATA STORE                   GET by id, then the whole log in order
//     Canonical kill DATA STORE [100000]          appends so many and ends as in a crash
//     Canonical open|rebuild DATA STORE           times that
//     Canonical compare ingest|query DATA STORE   figures for compare/compare.py
//     Canonical grow MESSAGES STORE               to so many made-up messages, with growing names
//     Canonical grown - STORE                     Q1 to Q4 about the last 30 days of those
//
// DATA has msgs.jsonl and, for queries, topics.txt, users.txt and queries.txt.

@main
struct Canonical {
    static func main() async throws {
        let words = CommandLine.arguments
        guard words.count >= 4 else {
            return print("usage: Canonical WORKLOAD DATA STORE [option]; see Canonical.swift")
        }
        let (data, store) = (words[2], words[3])
        let number = words.count > 4 ? Int(words[4]) : nil
        switch words[1] {
        case "ingest": try await ingest(data, store, inFlight: number ?? 1)
        case "lines": try await lines(data, store)
        case "shuffled": try await Upkeep.shuffled(data, store)
        case "single": try await Singles.measure(data, store, number ?? 1_000)
        case "compact": try await compact(store)
        case "kill": try await Upkeep.kill(data, store, number ?? 100_000)
        case "open": try Upkeep.open(store)
        case "rebuild": try Upkeep.rebuild(store)
        case "read": try read(store)
        case "compare" where words.count == 5:
            if data == "ingest" {
                try await Comparison.ingest(store, words[4])
            } else {
                try Comparison.query(store, words[4])
            }
        case "grow": try await Growth.grow(store, Int(data) ?? 1_000_000)
        case "grown": try Growth.ask(store)
        case "query":
            try queries(
                data, store, odd: words.count > 4 && words[4] == "odd",
                only: words.count > 5 ? Int(words[5]) : nil)
        default: print("unknown workload \(words[1])")
        }
    }

    static func ingest(_ data: String, _ directory: String, inFlight: Int) async throws {
        let parsing = Stopwatch()
        let batches = try Ingest.parsed(data)
        let messages = batches.reduce(0) { $0 + $1.count }
        parsing.report("parse", messages: messages)
        let store = try Store.open(directory)
        let watch = Stopwatch()
        try await Ingest.append(batches, to: store, inFlight: inFlight) { $0 }
        watch.report("append, \(inFlight) in flight", messages: messages)
        try store.checkpoint()
        watch.report("append and final checkpoint", messages: messages)
        try store.close()
        watch.report("append, checkpoint and close", messages: messages)
    }

    static func lines(_ data: String, _ directory: String) async throws {
        let file = try TextFile(data + "/msgs.jsonl")
        let memory = MemoryWatch()
        let store = try Store.open(directory)
        let watch = Stopwatch()
        let chunks = file.chunks(of: Ingest.batchMessages)
        try await Ingest.append(chunks, to: store, inFlight: 4, as: Ingest.batch)
        try store.checkpoint()
        let messages = try Int(store.count())
        watch.report("JSON lines to durable, with final checkpoint", messages: messages)
        let archived = store.archiving
        report("archived beside it", archived.messages, archived.processorMicroseconds)
        memory.report()
        try store.close()
    }

    /// Full journals first, as it happens by itself, then everything into few segments.
    static func compact(_ directory: String) async throws {
        let store = try Store.open(directory)
        var archives = -1
        while store.archiving.archives != archives {
            archives = store.archiving.archives
            try await Task.sleep(for: .seconds(5))
        }
        let sealed = store.archiving
        report("archived by itself", sealed.messages, sealed.processorMicroseconds)
        let watch = Stopwatch()
        try store.compact()
        watch.report("COMPACT", messages: nil)
        let all = store.archiving
        report(
            "COMPACT", all.messages - sealed.messages,
            all.processorMicroseconds - sealed.processorMicroseconds)
        try store.close()
    }

    /// Ids from all over the log, each asked for by itself; then every message, page by page.
    static func read(_ directory: String) throws {
        let store = try Store.open(directory)
        let end = Int(try store.count())
        var ids: [String] = []
        for place in 0..<3_000 {
            let from = UInt64(1 + place * (end / 3_000))
            let page = try store.ask(.read(ReadQuestion(from: from, limit: 1)))
            guard case .array(let parts) = page, case .messages(let found) = parts[1],
                let envelope = found.rows.first.flatMap({ found.envelope($0) })
            else { continue }
            let text = String(decoding: envelope, as: UTF8.self)
            guard let start = text.range(of: "\"msg_id\": \"") ?? text.range(of: "\"msg_id\":\"")
            else { continue }
            ids.append(String(text[start.upperBound...].prefix { $0 != "\"" }))
        }
        var times: [Int64] = []
        for id in ids {
            let begun = Stopwatch.nanoseconds
            guard case .bulk = try store.ask(.get(MessageID(id))) else {
                preconditionFailure("\(id) is not there")
            }
            times.append(Stopwatch.nanoseconds - begun)
        }
        times.sort()
        print("GET p50 \(times[times.count / 2]) ns, p99 \(times[times.count * 99 / 100]) ns")
        let watch = Stopwatch()
        var next: UInt64 = 1
        var bytes = 0
        var messages = 0
        while next <= UInt64(end) {
            let page = try store.ask(.read(ReadQuestion(from: next, limit: 10_000)))
            guard case .array(let parts) = page, case .integer(let following) = parts[0],
                case .messages(let found) = parts[1]
            else { preconditionFailure("a page") }
            bytes += found.bytes.count
            messages += found.rows.count
            next = UInt64(following)
        }
        watch.report("read in order, \(bytes) bytes", messages: messages)
        try store.close()
    }

    private static func report(_ name: String, _ messages: Int, _ microseconds: Int) {
        let each = Double(microseconds) / Double(max(1, messages))
        print("\(name): \(messages) messages, \(each) us of CPU each")
    }

    static func queries(_ data: String, _ directory: String, odd: Bool, only: Int?) throws {
        let opening = Stopwatch()
        let store = try Store.open(directory)
        opening.report("open", messages: nil)
        let questions = try QuestionSet(data, odd: odd)
        for kind in 1...7 where only == nil || kind == only {
            let asked = try Asking(questions.ofKind(kind), of: store, sum: QuestionSet.sum)
            print(
                "Q\(kind) \(odd ? "odd" : "even") p50 \(asked.percentile(50)) us, "
                    + "p99 \(asked.percentile(99)) us, sum \(asked.sum)")
        }
        try store.close()
    }
}
