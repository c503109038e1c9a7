import Foundation
import LMDB
import Model
import Rollup

/// CPU time of this process in seconds.
func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Puts messages through runs, merges of runs and checkpoints, and tells what each cost.
struct SpikeIngest {
    var batch = 10_000
    var fanIn = 8
    var checkpoint = Limits.checkpointMessages

    /// Called after every checkpoint.
    var folded: () throws -> Void = {}
    /// What waits for a checkpoint.
    var waiting: [Run] = []
    var buildCPU = 0.0
    var mergeCPU = 0.0
    var checkpointCPU = 0.0
    var checkpoints = 0
    var longest = 0.0

    /// - Parameter leave: so many of the last messages stay in runs.
    mutating func run(_ data: SpikeData, _ store: RollupStore, leave: Int = 0) throws {
        var start = 0
        var queued = 0
        let last = data.count - leave
        while start < data.count {
            var end = min(start + batch, data.count)
            if start < last { end = min(end, last) }
            let rows = data.rows(start..<end)
            var clock = cpuSeconds()
            let run = Run.build(rows)
            buildCPU += cpuSeconds() - clock
            waiting.append(run)
            queued += end - start
            start = end
            clock = cpuSeconds()
            mergeTiers()
            mergeCPU += cpuSeconds() - clock
            if (queued >= checkpoint && start <= last) || start == last {
                clock = cpuSeconds()
                let wall = ContinuousClock.now
                try store.checkpoint(waiting, names: store.names)
                let took = ContinuousClock.now - wall
                longest = max(longest, Double(took.components.attoseconds) / 1e18)
                checkpointCPU += cpuSeconds() - clock
                checkpoints += 1
                waiting.removeAll()
                queued = 0
                try folded()
            }
        }
    }

    /// Merges as soon as `fanIn` neighbouring runs are of one size.
    private mutating func mergeTiers() {
        while waiting.count >= fanIn {
            let tail = waiting.suffix(fanIn)
            guard let first = tail.first, let last = tail.last,
                first.messages < 2 * last.messages
            else { return }
            let merged = Run.merge(Array(tail))
            waiting.removeLast(fanIn)
            waiting.append(merged)
        }
    }

    func report(_ title: String, _ count: Int) {
        let per = { (seconds: Double) in
            String(format: "%.3f", seconds * 1e6 / Double(count))
        }
        print(
            "\(title): build \(per(buildCPU)), merge \(per(mergeCPU)), checkpoint",
            "\(per(checkpointCPU)), sum \(per(buildCPU + mergeCPU + checkpointCPU)) us/msg;",
            "\(checkpoints) checkpoints, longest \(String(format: "%.0f", longest * 1_000)) ms")
    }
}

/// Sizes by kind, as LMDB stores them.
struct SpikeSizes {
    static func report(_ store: RollupStore, _ messages: Int, byKind: Bool) throws {
        var keys: [UInt8: Int] = [:]
        var values: [UInt8: Int] = [:]
        var pages: [UInt8: Int] = [:]
        try store.beginRead().physicalDump { key, value in
            keys[key[0], default: 0] += 1
            values[key[0], default: 0] += value.count
            let node = 10 + key.count + value.count & ~1
            // Past half a page, a value goes to pages of its own.
            pages[key[0], default: 0] +=
                node > 2_038 ? (value.count + 16 + 4_095) / 4_096 * 4_096 + 28 : node
        }
        let per = { (bytes: Int) in String(format: "%6.3f", Double(bytes) / Double(messages)) }
        if byKind {
            for code in keys.keys.sorted() {
                let word = RowKind(rawValue: code)?.word ?? (code == 1 ? "meta" : "names")
                print(
                    "  \(word.padding(toLength: 20, withPad: " ", startingAt: 0))",
                    "\(keys[code]!) rows, \(values[code]! / keys[code]!) B each,",
                    "values \(per(values[code]!)), with nodes \(per(pages[code]!)) B/msg")
            }
        }
        let statistics = try store.statistics()
        print(
            "  sum: values \(per(values.values.reduce(0, +))), nodes",
            "\(per(pages.values.reduce(0, +))), pages in use \(per(statistics.usedBytes)),",
            "file \(per(statistics.fileBytes)) B/msg,",
            String(format: "%.4f", Double(keys.values.reduce(0, +)) / Double(messages)),
            "keys/msg")
    }
}
