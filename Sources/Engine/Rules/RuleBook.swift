import Disk
import MessageLog
import Model
import Rules
import Synchronization

/// The rules of a store: those that the log has, and what is computed of each.
package final class RuleBook: Sendable {
    private struct State {
        var catalog: RuleCatalog
        /// By number, ascending.
        var live: [LiveRule] = []
        /// Rules that could not be opened, and why.
        var failures: [UInt32: String] = [:]
    }

    private let state: Mutex<State>
    /// Held while the log gets a record about rules, so that decisions follow one another.
    private let changing = Mutex(())
    private let places: RulePlaces
    private let logID: LogID?
    private let queue: AppendQueue
    private let clock: @Sendable () -> Timestamp

    init(
        _ log: LogSnapshot, store: String, logID: LogID?, isReadOnly: Bool, queue: AppendQueue,
        clock: @escaping @Sendable () -> Timestamp
    ) throws(EngineError) {
        places = RulePlaces(store: store)
        self.logID = logID
        self.queue = queue
        self.clock = clock
        let catalog = RuleCatalog(log)
        state = Mutex(State(catalog: catalog))
        if !isReadOnly {
            do { try places.keep(catalog.entries.map(\.number)) } catch { throw .directory(error) }
        }
        for entry in catalog.entries where !isReadOnly || places.isThere(entry.number) {
            open(entry)
        }
    }

    package var catalog: RuleCatalog { state.withLock { $0.catalog } }

    /// The rules that are computed.
    package var live: [LiveRule] { state.withLock { $0.live } }

    package func live(_ number: UInt32) -> LiveRule? {
        state.withLock { $0.live.first { $0.number == number } }
    }

    /// Why a rule is not computed at all, if it is not.
    package func failure(_ number: UInt32) -> String? {
        state.withLock { $0.failures[number] }
    }

    /// Opens what is stored of a rule. A failure is kept for who asks: other rules, and messages,
    /// do not depend on it.
    private func open(_ entry: RuleCatalog.Entry) {
        guard let program = entry.program else {
            return state.withLock {
                $0.failures[entry.number] = "the definition is of a later version of Tallylog"
            }
        }
        do {
            try places.make(entry.number)
            let rule = LiveRule(entry, program, try store(entry, program))
            state.withLock { $0.live.append(rule) }
        } catch {
            state.withLock { $0.failures[entry.number] = "\(error)" }
        }
    }

    private func store(
        _ entry: RuleCatalog.Entry, _ program: RuleProgram
    ) throws -> RuleStore {
        let directory = places.directory(entry.number)
        let identity = identity(of: entry)
        do throws(RuleStoreError) {
            return try RuleStore.open(directory: directory, program, identity: identity)
        } catch {
            guard case .needsRebuild = error else { throw error }
        }
        try places.empty(entry.number)
        return try RuleStore.open(directory: directory, program, identity: identity)
    }

    /// What no other log, rule or definition has.
    private func identity(of entry: RuleCatalog.Entry) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(integer: logID?.high ?? 0)
        bytes.append(integer: logID?.low ?? 0)
        bytes.append(integer: entry.number)
        bytes.append(contentsOf: entry.definition.utf8)
        let half = unsafe bytes.withUnsafeBytes { unsafe Checksum.sha256Half($0) }
        var identity: [UInt8] = []
        identity.append(integer: half.high)
        identity.append(integer: half.low)
        return identity
    }

    /// Adds a rule; it is computed from the beginning of the log on.
    /// - Returns: its number.
    /// - Throws: `.rule` where there is one of that name, or too many; what appending throws.
    func create(_ rule: Rule) throws(EngineError) -> UInt32 {
        let program: RuleProgram
        do { program = try RuleProgram(rule) } catch { throw .rule(error.description) }
        return try changing.withLock { _ throws(EngineError) in
            if catalog.entry(named: rule.name) != nil {
                throw .rule("there is a rule \(rule.name); drop it first, or choose another name")
            }
            return try add(program)
        }
    }

    /// Adds the rule, or puts it in the place of the one of its name, unless that is the same.
    /// - Returns: whether anything has changed.
    func replace(_ rule: Rule) throws(EngineError) -> RuleChange {
        let program: RuleProgram
        do { program = try RuleProgram(rule) } catch { throw .rule(error.description) }
        return try changing.withLock { _ throws(EngineError) in
            guard let known = catalog.entry(named: rule.name) else {
                return .created(try add(program))
            }
            if known.definition == rule.canonicalText { return .unchanged }
            try remove(known.number)
            return .replaced(try add(program))
        }
    }

    /// Drops a rule, and what was computed of it.
    func drop(_ name: String) throws(EngineError) {
        try changing.withLock { _ throws(EngineError) in
            guard let entry = catalog.entry(named: name) else {
                let names = catalog.entries.map(\.name).sorted().joined(separator: ", ")
                throw .rule(
                    "there is no rule \(name); accepted: \(names.isEmpty ? "none yet" : names)")
            }
            try remove(entry.number)
        }
    }

    /// Notes from when on a rule's buckets of a width are kept.
    func move(_ rule: LiveRule, width: Int, horizon: Int64) throws(EngineError) {
        let seconds = rule.program.rule.widths[width].seconds
        try changing.withLock { _ throws(EngineError) in
            guard live(rule.number) != nil else { return }
            try write(
                .horizon(
                    number: rule.number, widthSeconds: seconds,
                    before: Timestamp(seconds: horizon)))
            rule.change { $0.horizons[width] = max($0.horizons[width], horizon) }
        }
    }

    private func add(_ program: RuleProgram) throws(EngineError) -> UInt32 {
        let catalog = catalog
        guard catalog.entries.count < Limits.declaredRulesMax else {
            throw .rule(
                "there are \(catalog.entries.count) rules; accepted: at most "
                    + "\(Limits.declaredRulesMax), drop one first")
        }
        let number = catalog.nextNumber
        try write(.created(number: number, definition: program.rule.canonicalText))
        if let entry = self.catalog.entries.first(where: { $0.number == number }) { open(entry) }
        return number
    }

    private func remove(_ number: UInt32) throws(EngineError) {
        try write(.dropped(number: number))
        state.withLock { state in
            state.live.removeAll { $0.number == number }
            state.failures[number] = nil
        }
        // Who reads it has its files open, and keeps them until then.
        do { try places.keep(catalog.entries.map(\.number)) } catch { throw .directory(error) }
    }

    /// Makes a note durable, and then takes it.
    private func write(_ note: RuleNote) throws(EngineError) {
        var batch = RecordBatch()
        batch.append(control: Record.Kind.rule, at: clock(), payload: note.payload)
        try queue.append(control: batch)
        state.withLock { $0.catalog.take(note) }
    }
}

/// What became of a rule that was to be there.
package enum RuleChange: Equatable, Sendable {
    case created(UInt32)
    case replaced(UInt32)
    case unchanged
}
