// What could go wrong: the power goes while the real engine works, with the real LMDB, and of what
// was not flushed the disk has kept any part. Then an acknowledged message is gone or there twice,
// one is there that nobody sent, the rollups or a rule's rows are not those of the log, the store
// does not open, or takes no messages any more. So: write down every file call of a real process,
// and of the calls up to any of them make what a power cut may leave.
//
// TALLYLOG_POWER_CUTS=n     images (16,000), of as many runs of the workload as it takes
// TALLYLOG_IMAGES=n         of them behind each call (8)
// TALLYLOG_RECOVERY_CUTS=n  chains of cuts during recovery (200)
// TALLYLOG_SEED=n           of the workload, and of what is left
// TALLYLOG_FAILURES=folder  images that fail are kept in it, with the trace that they come from
import DiskSimulation
import TestSupport
import Testing

@Suite(.serialized) struct PowerCutTests {
    private static let imagesOfCall = Amount.of("TALLYLOG_IMAGES", 8)
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
        let images = Amount.of("TALLYLOG_POWER_CUTS", 16_000)
        var (made, opened, round) = (0, 0, 0)
        while made < images {
            let trial = try CutTrial(seed: seed &+ UInt64(round))
            let count = min(trial.boundaries.count * Self.imagesOfCall, images - made)
            let seen = SeenImages()
            let problems = try inLanes(Self.lanes) { lane in
                try cut(trial, images: count, seen, lane)
            }
            #expect(problems == [], "seed \(trial.seed)")
            (made, opened, round) = (made + count, opened + seen.count, round + 1)
        }
        print("\(made) images of \(round) runs of the workload, \(opened) unlike all others")
    }

    /// Makes every `lanes`th image, spread over all calls.
    private func cut(
        _ trial: CutTrial, images: Int, _ seen: SeenImages, _ lane: Int
    ) throws -> [String] {
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
                number % Self.imagesOfCall, seed: trial.seed &* 1_000_003 &+ UInt64(number))
            let image = replay.disk.crashImage(choice)
            let what = "seed \(trial.seed) call \(boundary) \(choice)"
            // By its number, so that a seed gives the same again.
            let withRule = number / Self.imagesOfCall % 8 == 0
            problems += try seen.problems(of: image, replay.known, what) {
                try trial.findings(of: image, replay.known, withRule: withRule, what)
            }
            if problems.count > 20 { return problems }
        }
        return problems
    }

    @Test func aPowerCutDuringRecoveryChangesNothing() throws {
        let chains = Amount.of("TALLYLOG_RECOVERY_CUTS", 200)
        let trial = try CutTrial(seed: seed)
        let problems = try inLanes(Self.lanes) { lane in
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
            let found = try trial.findings(
                of: left, replay.known, withRule: level == Self.depth, what)
            if !found.problems.isEmpty { return found.problems }
        }
        return []
    }
}
