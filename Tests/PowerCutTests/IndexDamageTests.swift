// What could go wrong: rot in LMDB's file, of which LMDB itself checks little, gives a wrong
// answer, and `verify` passes; or computing the rollups again does not give what they were. LMDB
// may crash on such a file: so the store is opened in a process of its own, and a crash is not
// counted as wrong.
//
// TALLYLOG_INDEX_DAMAGES=n  damaged files (2,000)
// TALLYLOG_SEED=n           of what is damaged, and how
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite struct IndexDamageTests {
    private static let lanes = 2

    /// A dump that goes from page to page sees nothing of a tree that leads a search astray.
    @Test func aTreeThatLeadsSearchesAstrayIsTold() throws {
        let scratch = TemporaryDirectory(inMemory: true)
        let ended = try TrialProgram.run(["index", scratch.path, "207", "207", "4101887906"])
        #expect(ended.lines.last == "ended 207 told", "\(ended)")
    }

    @Test func noWrongAnswerPassesVerify() throws {
        let cases = Amount.of("TALLYLOG_INDEX_DAMAGES", 2_000)
        let seed = Amount.seed
        let outcomes = Mutex<[String: Int]>([:])
        let problems = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: Self.lanes) { lane in
            let scratch = TemporaryDirectory(inMemory: true)
            var next = 1 + lane * cases / Self.lanes
            let last = (lane + 1) * cases / Self.lanes
            while next <= last {
                do {
                    let ended = try TrialProgram.run(
                        ["index", scratch.path, "\(next)", "\(last)", "\(seed)"], seconds: 3_600)
                    for line in ended.lines where line.hasPrefix("ended ") {
                        let words = line.split(separator: " ")
                        let outcome = words[2].prefix { $0 != "(" }
                        outcomes.withLock { $0[String(outcome), default: 0] += 1 }
                        if outcome == "wrong" { problems.withLock { $0.append(String(line)) } }
                    }
                    let reached = ended.last("case")
                    guard ended.code == nil, reached >= next else {
                        if ended.code != 0 { problems.withLock { $0.append("\(ended)") } }
                        break
                    }
                    outcomes.withLock { $0["crashed", default: 0] += 1 }
                    next = reached + 1
                } catch {
                    problems.withLock { $0.append("\(error)") }
                    break
                }
            }
        }
        let counts = outcomes.withLock { $0 }
        #expect(problems.withLock { $0 } == [], "seed \(seed): \(counts)")
        #expect(counts.values.reduce(0, +) == cases && counts["told", default: 0] > cases / 10)
        // A suite in which everything crashes would say nothing.
        #expect(counts["crashed", default: 0] < cases / 2, "\(counts)")
    }
}
