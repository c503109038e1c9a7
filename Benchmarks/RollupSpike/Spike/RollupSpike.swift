import Foundation
import LMDB
import Model
import Rollup

/// `RollupSpike <directory of idx.bin and queries.txt | number of messages> [sorted|shuffled]
/// [batch] [checkpoint] [fill|held]`; `fill` shows how full LMDB's file is, `held` with a reader.
@main
struct RollupSpike {
    static func main() throws {
        let words = CommandLine.arguments
        guard words.count > 1 else {
            print(
                "usage: RollupSpike <directory | count> [sorted|shuffled] [batch] [checkpoint]",
                "[fill|held]")
            return
        }
        var data: SpikeData
        let queries: SpikeQueries
        if let count = Int(words[1]) {
            data = .generate(count)
            queries = .make()
        } else {
            data = try .load(words[1] + "/idx.bin")
            queries = try .load(words[1] + "/queries.txt")
        }
        let order = words.count > 2 ? words[2] : "sorted"
        if order == "shuffled" { data.shuffle() }
        var ingest = SpikeIngest()
        if words.count > 3, let batch = Int(words[3]) { ingest.batch = batch }
        if words.count > 4, let every = Int(words[4]) { ingest.checkpoint = every }
        let root = "/tmp/rollup-spike-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: root) }
        if words.count > 5 {
            return try SpikeFill.run(data, ingest, held: words[5] == "held", root)
        }
        try measure(data, queries, ingest, order, root)
    }

    static func open(_ root: String, _ name: String) throws -> RollupStore {
        try FileManager.default.createDirectory(
            atPath: "\(root)/\(name)", withIntermediateDirectories: true)
        let store = try RollupStore.open(
            directory: "\(root)/\(name)", mapBytes: 8 << 30,
            logID: [UInt8](repeating: 1, count: 16))
        return store
    }

    static func intern(_ names: NameTable) {
        for id in 1...SpikeData.topicCount {
            names.intern(.topic, Array("org.fedoraproject.prod.app\(id % 30).verb.of.\(id)".utf8))
        }
        for id in 1...SpikeData.userCount { names.intern(.user, Array("username\(id)".utf8)) }
        for id in 1...SpikeData.packageCount {
            names.intern(.package, Array("python3-package\(id)".utf8))
        }
    }

    static func measure(
        _ data: SpikeData, _ queries: SpikeQueries, _ plan: SpikeIngest, _ order: String,
        _ root: String
    ) throws {
        print("== \(data.count) messages, \(order), batches of \(plan.batch)")
        let store = try open(root, "fresh")
        intern(store.names)
        var ingest = plan
        try ingest.run(data, store)
        ingest.report("CPU", data.count)
        try SpikeSizes.report(store, data.count, byKind: false)
        try FileManager.default.createDirectory(
            atPath: "\(root)/compact", withIntermediateDirectories: true)
        let clock = cpuSeconds()
        try store.compact(to: "\(root)/compact")
        let micros = (cpuSeconds() - clock) * 1e6 / Double(data.count)
        print("compaction: \(String(format: "%.3f", micros)) us/msg")
        let compacted = try open(root, "compact")
        try SpikeSizes.report(compacted, data.count, byKind: true)
        print(try queries.check(data, store, []))
        try queries.time(store, [], "us p50/p99, no runs")
        try queries.time(compacted, [], "us p50/p99, compacted")
        let other = try open(root, "head")
        intern(other.names)
        var head = plan
        try head.run(data, other, leave: min(120_000, data.count / 4))
        let bytes = head.waiting.reduce(0) { $0 + $1.bytes }
        let messages = head.waiting.reduce(1) { $0 + $1.messages }
        print("runs of \(head.waiting.map(\.messages)) messages, \(bytes / messages) B/msg")
        print(try queries.check(data, other, head.waiting))
        try queries.time(other, head.waiting, "us p50/p99, with those runs")
    }
}
