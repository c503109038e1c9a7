import Foundation
import Glibc
import Tallylog

// The canonical workload: a million messages in, durable, with all their tallies; then questions.
//
//     Canonical ingest DATA STORE [in flight=1]   parsed batches of 10,000
//     Canonical lines DATA STORE                  the same from JSON lines
//     Canonical compact DATA STORE                archives and merges what the store has
//     Canonical query DATA STORE [even|odd] [5]   Q1 to Q7, or one of them, 300 questions each
//     Canonical read STORE                        GET by id, then the whole log in order
//
// DATA has msgs.jsonl and, for queries, topics.txt, users.txt and queries.txt.

@main
struct Canonical {
    static let batchMessages = 10_000

    static func main() async throws {
        let words = CommandLine.arguments
        guard words.count >= 4 else {
            return print("usage: Canonical ingest|lines|compact|query|read DATA STORE [option]")
        }
        switch words[1] {
        case "ingest":
            try await ingest(words[2], words[3], inFlight: words.count > 4 ? Int(words[4]) ?? 1 : 1)
        case "lines": try await lines(words[2], words[3])
        case "compact": try await compact(words[3])
        case "read": try read(words[3])
        case "query":
            try queries(
                words[2], words[3], odd: words.count > 4 && words[4] == "odd",
                only: words.count > 5 ? Int(words[5]) : nil)
        default: print("unknown workload \(words[1])")
        }
    }

    static func ingest(_ data: String, _ directory: String, inFlight: Int) async throws {
        let file = try TextFile(data + "/msgs.jsonl")
        let parsing = Stopwatch()
        let lines = file.lines
        let batches = try lines.chunks(of: batchMessages).map { chunk in
            var batch = try MessageBatch(profile: "generic")
            let refused = batch.add(chunk.map { Array($0) })
            precondition(refused.isEmpty, "the data set has no bad message")
            return batch
        }
        parsing.report("parse", messages: lines.count)
        let store = try Store.open(directory)
        let watch = Stopwatch()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (place, batch) in batches.enumerated() {
                if place >= inFlight { try await group.next() }
                group.addTask { _ = try await store.append(batch) }
            }
            try await group.waitForAll()
        }
        watch.report("append, \(inFlight) in flight", messages: lines.count)
        try store.checkpoint()
        watch.report("append and final checkpoint", messages: lines.count)
        try store.close()
        watch.report("append, checkpoint and close", messages: lines.count)
    }

    static func lines(_ data: String, _ directory: String) async throws {
        let file = try TextFile(data + "/msgs.jsonl")
        let store = try Store.open(directory)
        let watch = Stopwatch()
        var count = 0
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (place, chunk) in file.chunks(of: batchMessages).enumerated() {
                count += chunk.count
                var batch = try MessageBatch(profile: "generic")
                _ = batch.add(chunk.map { Array($0) })
                if place >= 4 { try await group.next() }
                group.addTask { [batch] in _ = try await store.append(batch) }
            }
            try await group.waitForAll()
        }
        try store.checkpoint()
        watch.report("JSON lines to durable, with final checkpoint", messages: count)
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
            var best: [Int64] = []
            var checksum: Int64 = 0
            for _ in 0..<3 {
                checksum = 0
                let times = try questions.ofKind(kind).map { question in
                    let begun = Stopwatch.nanoseconds
                    let reply = try store.ask(question)
                    let taken = Stopwatch.nanoseconds - begun
                    checksum += QuestionSet.sum(reply)
                    return taken
                }
                best = best.isEmpty ? times : zip(best, times).map(min)
            }
            best.sort()
            let p50 = Double(best[best.count / 2]) / 1_000
            let p99 = Double(best[best.count * 99 / 100]) / 1_000
            print("Q\(kind) \(odd ? "odd" : "even") p50 \(p50) us, p99 \(p99) us, sum \(checksum)")
        }
        try store.close()
    }
}
