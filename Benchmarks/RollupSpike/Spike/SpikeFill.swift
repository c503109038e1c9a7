import Foundation
import LMDB
import Rollup

/// How full LMDB's file is while checkpoints go on: when a rewrite in key order pays.
///
/// `content` is what a rewrite leaves; `held` keeps a reader open from the first third to the last.
struct SpikeFill {
    static func run(_ data: SpikeData, _ plan: SpikeIngest, held: Bool, _ root: String) throws {
        let store = try RollupSpike.open(root, "fill")
        RollupSpike.intern(store.names)
        var ingest = plan
        var folds = 0
        let total = max(1, data.count / plan.checkpoint)
        var reader: RollupReader? = nil
        let hold = { () throws in
            folds += 1
            if held && folds == total / 3 { reader = try store.beginRead() }
            if held && folds == total - total / 3 { reader = nil }
            if folds % max(1, total / 12) == 0 {
                try show(store, "\(folds) checkpoints\(reader == nil ? "" : ", reader open")")
            }
        }
        ingest.folded = hold
        try ingest.run(data, store)
        try FileManager.default.createDirectory(
            atPath: "\(root)/content", withIntermediateDirectories: true)
        let clock = ContinuousClock.now
        try store.compact(to: "\(root)/content")
        print("a rewrite took \(ContinuousClock.now - clock)")
        try show(RollupSpike.open(root, "content"), "rewritten")
    }

    private static func show(_ store: RollupStore, _ title: String) throws {
        let found = try store.statistics()
        print(
            "\(title): file \(found.fileBytes >> 20) MiB, used \(found.usedBytes >> 20) MiB,",
            "file / used",
            String(format: "%.2f", Double(found.fileBytes) / Double(found.usedBytes)))
    }
}
