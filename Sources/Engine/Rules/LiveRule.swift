import Model
import Rules
import Synchronization

/// A rule and how far it has been computed. The follower moves it; any thread may look.
package final class LiveRule: Sendable {
    package let number: UInt32
    package let program: RuleProgram
    let store: RuleStore
    private let state: Mutex<State>

    /// What readers begin with.
    package struct State: Sendable {
        /// Neighbouring, the first one from behind the store's watermark on; ends at `position`.
        package internal(set) var runs: [RuleRun] = []
        /// The last sequence that is computed.
        package internal(set) var position: UInt64
        /// The groups up to there.
        package internal(set) var groupCount: Int
        package internal(set) var losses: RuleLosses
        /// By width, in seconds since 1970: buckets that begin before are not kept.
        package internal(set) var horizons: [Int64]
        /// The same, as far as what lies before is deleted.
        package internal(set) var deleted: [Int64]
        /// Why it does not get on, if it does not.
        package internal(set) var failure: String?
    }

    init(_ entry: RuleCatalog.Entry, _ program: RuleProgram, _ store: RuleStore) {
        number = entry.number
        self.program = program
        self.store = store
        state = Mutex(
            State(
                position: store.watermark, groupCount: store.groups.count, losses: store.losses,
                horizons: program.rule.widths.map { entry.horizons[$0.seconds] ?? .min },
                deleted: program.rule.widths.map { _ in .min }))
    }

    /// Whether all that is computed is folded, and nothing more is stored than is to be kept.
    var isSettled: Bool {
        let state = current
        return store.watermark >= state.position && state.deleted == state.horizons
            && zip(program.rule.widths, state.horizons).allSatisfy { width, horizon in
                width.keptSeconds == nil || horizon != .min
            }
    }

    package var current: State { state.withLock { $0 } }

    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

    /// Shows what was computed of the rows behind the position.
    func add(_ run: RuleRun) {
        change { state in
            precondition(run.sequences.lowerBound == state.position + 1, "runs are contiguous")
            state.runs.append(run)
            state.position = run.sequences.upperBound
            state.groupCount = run.groupCount
            state.losses.merge(run.losses)
            state.failure = nil
        }
    }
}
