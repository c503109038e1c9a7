// What could go wrong: the power goes while the real engine works, with the real LMDB, and of what
// was not flushed the disk has kept any part. Then an acknowledged message is gone or there twice,
// one is there that nobody sent, the rollups or a rule's rows are not those of the log, the store
// does not open, or takes no messages any more. So: write down every file call of a real process,
// and of the calls up to any of them make what a power cut may leave.
//
// TALLYLOG_POWER_CUTS=n     images (2,000); every 2,000 are of another run of the workload
// TALLYLOG_RECOVERY_CUTS=n  chains of cuts during recovery (40)
// TALLYLOG_SEED=n           of the workload, and of what is left
// TALLYLOG_FAILURES=folder  images that fail are kept in it, with the trace that they come from
import DiskSimulation
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite(.serialized) struct PowerCutTests {
    private static let imagesOfTrial = 2_000
    /// They wait now and then, so more than there are cores.
    private static let lanes = 4
    private static let depth = 3
    private let seed = Amount.seed

    /// Else all that follows says nothing.
    @Test func theTraceGivesTheRealFiles() throws {
        let trial = try CutTrial(seed: seed)
        #expect(try trial.differingFiles() == [], "seed \(seed)")
        let kinds = Set(trial.calls.map(\.kind))
        #expect(kinds.isSuperset(of: [.reopen, .allocate, .rename, .unlink, .rmdir, .note]))
    }

    @Test func everythingAcknowledgedOutlivesAPowerCut() throws {
        let images = Amount.of("TALLYLOG_POWER_CUTS", Self.imagesOfTrial)
        for round in 0..<(images + Self.imagesOfTrial - 1) / Self.imagesOfTrial {
            let trial = try CutTrial(seed: seed &+ UInt64(round))
            let count = min(Self.imagesOfTrial, images - round * Self.imagesOfTrial)
            let problems = try inLanes { lane in try cut(trial, images: count, lane) }
            #expect(problems == [], "seed \(trial.seed)")
        }
    }

    /// Makes every `lanes`th image, spread over all calls.
    private func cut(_ trial: CutTrial, images: Int, _ lane: Int) throws -> [String] {
        var replay = trial.replay()
        var problems: [String] = []
        var made = 0
        let boundaries = trial.boundaries
        for number in stride(from: lane, to: images, by: Self.lanes) {
            let boundary = boundaries[number * boundaries.count / images]
            while made < boundary {
                try replay.make(trial.calls[made])
                made += 1
            }
            let choice = CutTrial.choice(
                number / Self.lanes, seed: trial.seed &* 1_000_003 &+ UInt64(number))
            problems += try trial.problems(
                of: replay.disk.crashImage(choice), replay.known,
                withRule: number / Self.lanes % 8 == 0,
                "seed \(trial.seed) call \(boundary) \(choice)")
            if problems.count > 20 { return problems }
        }
        return problems
    }

    @Test func aPowerCutDuringRecoveryChangesNothing() throws {
        let chains = Amount.of("TALLYLOG_RECOVERY_CUTS", 40)
        let trial = try CutTrial(seed: seed)
        let problems = try inLanes { lane in
            var problems: [String] = []
            for chain in stride(from: lane, to: chains, by: Self.lanes) {
                problems += try cutRecoveries(trial, chain)
            }
            return problems
        }
        #expect(problems == [], "seed \(seed)")
    }

    /// Cuts the workload somewhere, then the recovery of what is left, then the recovery of that.
    private func cutRecoveries(_ trial: CutTrial, _ chain: Int) throws -> [String] {
        var random = SeededGenerator(seed: trial.seed &* 7_919 &+ UInt64(chain))
        var replay = trial.replay()
        let first = 1 + random.below(trial.calls.count)
        for call in trial.calls[..<first] { try replay.make(call) }
        var what = "seed \(trial.seed) chain \(chain) call \(first)"
        for level in 1...Self.depth {
            let choice = CutTrial.choice(random.below(4), seed: random.next())
            let image = replay.disk.crashImage(choice)
            what += " \(choice)"
            let scratch = TemporaryDirectory(inMemory: true)
            let directory = scratch.subdirectory("data")
            try image.export(to: directory)
            let trace = scratch.path + "/trace"
            let ended = try TrialProgram.run(["recover", directory, trace, "\(trial.seed)"])
            guard ended.code == 0 else { return ["\(what): the recovery has ended: \(ended)"] }
            let calls = try RecordedCall.all(inFile: trace)
            let boundary = 1 + random.below(calls.count)
            replay = TraceReplay(image, directory: directory, known: replay.known)
            for call in calls[..<boundary] { try replay.make(call) }
            what += " recovery's call \(boundary)"
            let left = replay.disk.crashImage(
                CutTrial.choice(random.below(4), seed: random.next()))
            let problems = try trial.problems(
                of: left, replay.known, withRule: level == Self.depth, what)
            if !problems.isEmpty { return problems }
        }
        return []
    }

    private func inLanes(_ body: (Int) throws -> [String]) throws -> [String] {
        let results = Mutex<[Result<[String], any Error>]>([])
        // The closure does not outlive the call.
        withoutActuallyEscaping(body) { body in
            nonisolated(unsafe) let body = body
            DispatchQueue.concurrentPerform(iterations: Self.lanes) { lane in
                let result = Result { try body(lane) }
                results.withLock { $0.append(result) }
            }
        }
        return try results.withLock { try $0.flatMap { try $0.get() } }
    }
}
