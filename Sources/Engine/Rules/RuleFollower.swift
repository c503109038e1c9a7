import Glibc
import MessageLog
import Model
import Rollup
import Rules

/// The thread that computes rules: takes each from where it stands forward in the order of the log,
/// a batch at a time, and folds what it has into LMDB now and then. New rules begin at the log's
/// first record, and go the same way as those that follow the newest messages.
final class RuleFollower: Sendable {
    private let book: RuleBook
    private let head: Head
    private let log: MessageLog
    private let progress: Progress
    private let names: NameTable
    private let clock: @Sendable () -> Timestamp
    private let pace: RulePace

    private static let idleMilliseconds = 50
    private static let patienceMilliseconds = 1_000

    init(
        book: RuleBook, head: Head, log: MessageLog, progress: Progress,
        names: NameTable, pace: RulePace,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.book = book
        self.head = head
        self.log = log
        self.progress = progress
        self.names = names
        self.clock = clock
        self.pace = pace
    }

    /// What only the thread itself knows.
    private struct Work: ~Copyable {
        var scan: RuleScan
        /// By rule's number.
        var foldedAt: [UInt32: Timestamp] = [:]
        /// A fold or a read failed: the rule is left alone for a moment.
        var failedAt: [UInt32: Timestamp] = [:]
    }

    /// The thread's body: returns when the engine closes, with all that is computed folded.
    func run() {
        yieldToOthers()
        var work = Work(scan: RuleScan(names))
        while true {
            let rules = book.live
            work.scan.forget(allBut: rules.map(\.program))
            var hasWorked = false
            let willing = rules.filter { isWilling($0, work.failedAt) }
            for group in Self.groups(willing) {
                hasWorked = step(group, &work) || hasWorked
                if progress.counters.closing { break }
            }
            for rule in rules { keepUp(rule, &work) }
            if progress.counters.closing {
                if pace.foldsAtClose { for rule in book.live { fold(rule, &work) } }
                return
            }
            if !hasWorked { wait(willing) }
        }
    }

    private var now: Timestamp { WallClock.now }

    private func wait(_ rules: [LiveRule]) {
        let positions = rules.map { $0.current.position }
        let oldest = positions.min()
        let count = rules.count
        _ = progress.monitor.wait(milliseconds: Self.idleMilliseconds) { counters -> Bool? in
            if counters.closing { return true }
            guard let oldest, count > 0 else { return nil }
            return counters.end >= oldest + pace.rowsMin ? true : nil
        }
    }

    /// Whether a rule may be tried: not again right after it has failed.
    private func isWilling(_ rule: LiveRule, _ failedAt: [UInt32: Timestamp]) -> Bool {
        guard let failed = failedAt[rule.number] else { return true }
        let passed = now.microseconds - failed.microseconds
        return passed < 0 || passed >= Int64(Self.patienceMilliseconds) * 1_000
    }

    /// Rules that stand at one place go on together; those that are furthest first.
    private static func groups(_ rules: [LiveRule]) -> [[LiveRule]] {
        var groups: [UInt64: [LiveRule]] = [:]
        for rule in rules { groups[rule.current.position, default: []].append(rule) }
        return groups.sorted { $0.key > $1.key }.map(\.value)
    }

    /// Computes one batch of rows.
    /// - Returns: whether there were any.
    private func step(_ rules: [LiveRule], _ work: inout Work) -> Bool {
        guard let position = rules.first?.current.position else { return false }
        let state = head.current
        guard state.end > position else { return false }
        let begun = now
        defer { rest(begun, behind: state.end - position, state.end) }
        // As far as the next rules that are ahead, to go on with them.
        let ahead = book.live.map { $0.current.position }.filter { $0 > position }.min()
        let last = min(state.end, position + pace.batchRows, ahead ?? .max)
        let counts = rules.map { $0.store.groups.count }
        let known = log.notes.count
        do {
            let runs = try compute(rules, position + 1...last, state.segments, &work.scan)
            try log.notes.checkUnchanged(since: known)
            for (rule, run) in zip(rules, runs) {
                rule.add(run)
                mergeTiers(rule)
            }
            return true
        } catch {
            for (rule, count) in zip(rules, counts) {
                // Groups of what was not taken must not stay: numbers follow the log.
                rule.store.groups.forget(from: count)
            }
            // What one rule needs and cannot be read must not hold up the others.
            if rules.count > 1 {
                return rules.reduce(false) { step([$1], &work) || $0 }
            }
            for rule in rules {
                rule.change { $0.failure = "\(error)" }
                work.failedAt[rule.number] = now
            }
            return false
        }
    }

    /// While messages come, history waits now and then: priority alone does not keep appends short
    /// where cores are few.
    private func rest(_ begun: Timestamp, behind rows: UInt64, _ end: UInt64) {
        guard rows > pace.batchRows, head.current.end > end else { return }
        let taken = max(0, now.microseconds - begun.microseconds)
        let pause = min(taken, Limits.ruleRestMicrosecondsMax)
        usleep(UInt32(pause))
    }

    private func compute(
        _ rules: [LiveRule], _ sequences: ClosedRange<UInt64>, _ segments: [SegmentView],
        _ scan: inout RuleScan
    ) throws -> [RuleRun] {
        let programs = rules.map(\.program)
        let groups = rules.map(\.store.groups)
        var builders = rules.map { _ in RuleRunBuilder() }
        var losses = rules.map { _ in RuleLosses() }
        let widths = rules.map { $0.program.rule.widths[0].seconds }
        try scan.run(sequences, of: segments, programs) { number, time, key, contribution in
            guard let key else { return losses[number].add(lostAt: time) }
            let group = groups[number].admit(key)
            if group == 0 { losses[number].others += 1 }
            let start = time.floorDivided(by: widths[number] * 1_000_000) * widths[number]
            builders[number].add(start, group, contribution, programs[number])
        }
        return rules.indices.map { number in
            builders[number].run(
                sequences, losses[number], groupCount: rules[number].store.groups.count)
        }
    }

    private func mergeTiers(_ rule: LiveRule) {
        while true {
            let runs = rule.current.runs
            let due = RunTiers.due(runs.map(\.rows))
            if due == 0 { return }
            let merged = RuleRun.merge(Array(runs.suffix(due)))
            rule.change {
                $0.runs.replaceSubrange(runs.count - due..<runs.count, with: [merged])
            }
        }
    }

    /// Folds what is due, moves horizons, and deletes what lies behind them.
    private func keepUp(_ rule: LiveRule, _ work: inout Work) {
        let state = rule.current
        let rows = state.runs.reduce(0) { $0 + $1.rows }
        let bytes = state.runs.reduce(0) { $0 + $1.memoryBytes }
        let since = now.seconds - (work.foldedAt[rule.number]?.seconds ?? 0)
        // Negative, where the clock was set back.
        if rows >= pace.foldRows || bytes >= Limits.ruleFoldBytes
            || rows > 0 && (since >= pace.foldSeconds || since < 0)
        {
            fold(rule, &work)
        }
        do {
            try moveHorizons(rule)
            try deleteBuckets(rule)
        } catch {
            rule.change { $0.failure = "\(error)" }
        }
    }

    private func fold(_ rule: LiveRule, _ work: inout Work) {
        work.foldedAt[rule.number] = now
        let state = rule.current
        guard let last = state.runs.last else { return }
        do {
            try rule.store.fold(RuleRun.merge(state.runs), horizons: state.horizons)
            let folded = last.sequences.upperBound
            rule.change { $0.runs.removeAll { $0.sequences.upperBound <= folded } }
        } catch {
            // The log has everything and the runs stay: only the fold is put off.
            rule.change { $0.failure = "\(error)" }
        }
    }

    /// Notes horizons that are due, by the engine's clock.
    private func moveHorizons(_ rule: LiveRule) throws {
        for (place, width) in rule.program.rule.widths.enumerated() {
            guard let kept = width.keptSeconds else { continue }
            let oldest = (clock().seconds - kept).floorDivided(by: width.seconds) * width.seconds
            let known = rule.current.horizons[place]
            let step = max(width.seconds, kept / Limits.ruleHorizonSteps)
            guard known == .min || oldest - known >= step else { continue }
            try book.move(rule, width: place, horizon: oldest)
        }
    }

    private func deleteBuckets(_ rule: LiveRule) throws {
        let state = rule.current
        for place in state.horizons.indices where state.horizons[place] > state.deleted[place] {
            let horizon = state.horizons[place]
            if try !rule.store.deleteBuckets(ofWidth: place, before: horizon) {
                rule.change { $0.deleted[place] = horizon }
            }
        }
    }
}
