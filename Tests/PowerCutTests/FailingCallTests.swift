// What could go wrong: a call to the file system fails in the real process, with the real LMDB, and
// the process dies without a word, says that something is done which is not, acknowledges what is
// lost, or leaves a store that does not open. So: fail any call of the workload, once or for ever,
// with every errno that disks have, and hold what it said against what is there.
//
// TALLYLOG_FAILING_CALLS=n  runs (100), spread over all calls
// TALLYLOG_SEED=n           of the workload
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@Suite(.serialized) struct FailingCallTests {
    private static let lanes = 4
    private let seed = Amount.seed

    /// An errno, and whether it may come for ever. An interrupted call is made again, so it does
    /// not. 0 stands for a write of only a part.
    private static let faults: [(code: Int32, forEver: Bool)] =
        [EIO, ENOSPC, EDQUOT, EMFILE, EROFS].flatMap { [($0, false), ($0, true)] }
        + [(EINTR, false), (0, false), (0, true)]

    @Test func everyFailedCallIsSurvivedOrRefused() throws {
        let runs = Amount.of("TALLYLOG_FAILING_CALLS", 100)
        let calls = try WorkloadRun(seed: seed, call: 0, code: EIO, forEver: false).ended
            .last("calls")
        #expect(calls > 300, "the workload makes calls: \(calls)")
        let problems = Mutex<[String]>([])
        let seed = seed
        DispatchQueue.concurrentPerform(iterations: Self.lanes) { lane in
            for number in stride(from: lane, to: runs, by: Self.lanes) {
                let fault = Self.faults[number % Self.faults.count]
                // Long runs come round to every call with every fault.
                let step = max(1, calls / runs)
                let call = 1 + (number * step + number / calls) % calls
                let found = Self.problems(seed, call, fault)
                problems.withLock { $0 += found }
            }
        }
        #expect(problems.withLock { $0 } == [], "seed \(seed)")
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
        return check.problems(of: scratch.path + "/data/store")
            .map { "\($0); it said \(ended.lines.suffix(6))" }
    }
}
