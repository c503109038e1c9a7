import Engine
import MessageLog
import Model
import TestSupport

/// Two lives of a store, in which everything happens that changes files: batches of one and of
/// many messages, one that goes past the page cache, full journals, seals, archives, merges,
/// checkpoints, the replacement of the rollups, control records, a rule, clean stops.
struct Workload {
    let directory: String
    let seed: UInt64
    /// Is told of each step before it is taken, or after it is done.
    let note: (CutProgress) -> Void
    /// Is told of what was refused, in words; appending goes on if it can.
    let refused: (String) -> Void

    private static let steps = 10
    /// More than what is written past the page cache.
    private static let largeBatchBytes = 1_200_000

    func run() throws {
        var random = SeededGenerator(seed: seed)
        var next = 1
        for life in 0..<2 {
            let engine = try Engine(
                directory: directory + "/store",
                options: CutStore.options(seed: seed &+ UInt64(life)))
            // As any program must that goes on to exit, which takes libraries apart under threads.
            defer { try? engine.close() }
            if life == 0 { explained { _ = try engine.create(CutStore.rule()) } }
            for step in 0..<Self.steps {
                let isLarge = life == 1 && step == Self.steps - 2
                let count = isLarge ? 6 : 1 + random.below(random.chance(30) ? 12 : 3)
                try append(next...next + count - 1, isLarge, to: engine)
                next += count
                maintain(engine, life, step)
            }
            try engine.close()
        }
    }

    private func append(_ numbers: ClosedRange<Int>, _ isLarge: Bool, to engine: Engine) throws {
        let padding = isLarge ? Self.largeBatchBytes / numbers.count : 100
        let batch = CutStore.records(numbers, padding: padding)
        note(.sending(numbers.upperBound))
        for isLast in [false, true] {
            switch Appending(batch, to: engine).outcome {
            case .success:
                return note(.acknowledged(numbers.upperBound))
            case .failure(let error):
                refused("append: \(error)")
                // Once more, as whoever reads the words would: the log may have room again.
                if isLast || !error.isFullDisk { throw error }
            }
        }
    }

    private func maintain(_ engine: Engine, _ life: Int, _ step: Int) {
        switch (life, step) {
        case (_, 1), (0, 4), (1, 6): explained { _ = try engine.checkpoint() }
        case (_, 5): explained { try engine.compact() }
        case (_, 3): engine.feeds.begin(.stopped, of: "bus", from: Timestamp(seconds: 1))
        case (1, 7): explained { _ = try engine.rebuild() }
        default: break
        }
    }

    private func explained(_ body: () throws -> Void) {
        do { try body() } catch { refused("\(error)") }
    }
}
