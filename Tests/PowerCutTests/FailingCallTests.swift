// What could go wrong: a call to the file system fails in the real process, with the real LMDB, and
// the process dies without a word, says that something is done which is not, acknowledges what is
// lost, or leaves a store that does not open. So: fail any call of the workload, once or for ever,
// with every errno that disks have, and hold what it said against what is there.
//
// TALLYLOG_FAILING_CALLS=n  runs (each fault at each call of one workload); fewer are spread over
//                           all, more are of other workloads
// TALLYLOG_SEED=n           of the workload
import Foundation
import Glibc
import TestSupport
import Testing

@Suite(.serialized) struct FailingCallTests {
    /// They wait more than they work, for what fails to be tried again.
    private static let lanes = 8
    private let seed = Amount.seed

    /// An errno, and whether it may come for ever. An interrupted call is made again, so it does
    /// not. 0 stands for a write of only a part.
    private static let faults: [(code: Int32, forEver: Bool)] =
        [EIO, ENOSPC, EDQUOT, EMFILE, EROFS].flatMap { [($0, false), ($0, true)] }
        + [(EINTR, false), (0, false), (0, true)]

    @Test func everyFailedCallIsSurvivedOrRefused() throws {
        // 0 for all of one workload.
        let wanted = Amount.of("TALLYLOG_FAILING_CALLS", 0)
        var (made, round) = (0, 0)
        repeat {
            let seed = seed &+ UInt64(round)
            let calls = try WorkloadRun(seed: seed, call: 0, code: EIO, forEver: false).ended
                .last("calls")
            #expect(calls > 300, "the workload makes calls: \(calls)")
            let all = calls * Self.faults.count
            let runs = wanted == 0 ? all : min(all, wanted - made)
            #expect(try problems(seed, calls, runs: runs) == [], "seed \(seed)")
            (made, round) = (made + runs, round + 1)
        } while made < wanted
        print("\(made) failed calls of \(round) workloads")
    }

    private func problems(_ seed: UInt64, _ calls: Int, runs: Int) throws -> [String] {
        try inLanes(Self.lanes) { lane in
            var problems: [String] = []
            for number in stride(from: lane, to: runs, by: Self.lanes) {
                // A prime: no pair of call and fault comes twice, and few come near each other.
                let pair = number * 7_919 % (calls * Self.faults.count)
                let (call, fault) = pair.quotientAndRemainder(dividingBy: Self.faults.count)
                problems += Self.problems(seed, 1 + call, Self.faults[fault])
            }
            return problems
        }
    }

    private static func problems(
        _ seed: UInt64, _ call: Int, _ fault: (code: Int32, forEver: Bool)
    ) -> [String] {
        let often = fault.forEver ? "for ever" : "once"
        let what = "seed \(seed) call \(call) errno \(fault.code) \(often)"
        do {
            let run = try WorkloadRun(
                seed: seed, call: call, code: fault.code, forEver: fault.forEver)
            return run.problems().map { "\(what): \($0)" }
        } catch {
            return ["\(what): \(error)"]
        }
    }
}

/// One run of the workload in which a call fails, and what it left behind.
private struct WorkloadRun {
    private let scratch = TemporaryDirectory(inMemory: true)
    private let seed: UInt64
    let ended: TrialProgram.Ended

    init(seed: UInt64, call: Int, code: Int32, forEver: Bool) throws {
        self.seed = seed
        ended = try TrialProgram.run([
            "fail", scratch.subdirectory("data"), "\(call)", "\(code)",
            forEver ? "FOREVER" : "ONCE", "\(seed)",
        ])
    }

    func problems() -> [String] {
        let (acknowledged, sent) = (ended.last("acknowledged"), ended.last("sending"))
        switch ended.code {
        case 0? where ended.lines.last == "done" && acknowledged == sent: break
        case 3? where ended.lines.contains(where: { $0.hasPrefix("refused ") }): break
        default:
            let end = ended.code.map { "\($0)" } ?? "a signal"
            return ["it ended with \(end): \(ended.lines.suffix(30))"]
        }
        let check = ImageCheck(known: acknowledged...sent, withRule: true, seed: seed)
        return check.findings(in: scratch.path + "/data/store").problems
            .map { "\($0); it said \(ended.lines.suffix(6))" }
    }
}
