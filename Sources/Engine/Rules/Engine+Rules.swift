import MessageLog
import Model
import Rules

/// A rule as `ROLLUP LIST` shows it.
package struct RuleReport: Sendable {
    package var name: String
    package var number: UInt32
    package var definition: String
    /// The last sequence that is computed, and the log's end.
    package var position: UInt64
    package var end: UInt64
    package var groups: Int
    /// Messages that count for the others.
    package var others: UInt64
    /// Messages that it lacks, since retention has dropped their payloads.
    package var lost: UInt64
    /// From when on it has all; nil where it has all that ever was.
    package var completeFrom: Timestamp?
    /// Of what is stored.
    package var bytes: Int
    package var failure: String?
}

extension Engine {
    /// Adds a rule, durably; it is computed over the whole log in the background.
    /// - Returns: its number.
    package func create(_ rule: Rule) throws(EngineError) -> UInt32 {
        if log.isReadOnly { throw .log(.readOnly) }
        return try rules.create(rule)
    }

    /// Adds a rule, or puts it in the place of the one of its name where that is another.
    package func replace(_ rule: Rule) throws(EngineError) -> RuleChange {
        if log.isReadOnly { throw .log(.readOnly) }
        return try rules.replace(rule)
    }

    /// Drops a rule, and what was computed of it.
    package func dropRule(_ name: String) throws(EngineError) {
        if log.isReadOnly { throw .log(.readOnly) }
        try rules.drop(name)
    }

    /// All rules, by name.
    package func ruleReports() -> [RuleReport] {
        let end = progress.counters.end
        return rules.catalog.entries.map { entry in
            var report = RuleReport(
                name: entry.name, number: entry.number, definition: entry.definition,
                position: 0, end: end, groups: 0, others: 0, lost: 0, bytes: 0,
                failure: rules.failure(entry.number))
            guard let live = rules.live(entry.number) else { return report }
            let state = live.current
            report.position = state.position
            report.end = max(end, state.position)
            report.groups = state.groupCount
            report.others = state.losses.others
            report.lost = state.losses.messages
            if state.losses.messages > 0 {
                report.completeFrom = Timestamp(microseconds: state.losses.latest + 1)
            }
            report.bytes = live.store.usedBytes
            report.failure = state.failure
            return report
        }.sorted { $0.name < $1.name }
    }

    /// Waits until a rule has been computed up to the present end of the log.
    /// - Returns: false where it has not after so long.
    package func waitForRule(_ name: String, milliseconds: Int) -> Bool {
        let end = progress.counters.end
        let tries = max(1, milliseconds / 5)
        for _ in 0..<tries {
            guard let entry = rules.catalog.entry(named: name), let live = rules.live(entry.number)
            else { return false }
            if live.current.position >= end { return true }
            _ = progress.monitor.wait(milliseconds: 5) { $0.closing ? true : nil }
        }
        return false
    }

    /// Calls `body` with one consistent moment of the store and of a rule. No `await` inside.
    /// - Throws: `.rule` where there is none of that name; what `body` throws.
    package func read<Result>(
        rule name: String, stop: StopFlag? = nil,
        _ body: (borrowing Snapshot, borrowing RuleMoment) throws -> Result
    ) throws -> Result {
        let catalog = rules.catalog
        guard let entry = catalog.entry(named: name) else {
            let names = catalog.entries.map(\.name).sorted().joined(separator: ", ")
            throw EngineError.rule(
                "there is no rule \(name); accepted: \(names.isEmpty ? "none yet" : names)")
        }
        guard let live = rules.live(entry.number) else {
            throw EngineError.rule(
                "the rule \(name) is not computed: \(rules.failure(entry.number) ?? "not yet")")
        }
        while true {
            // The rule first: whatever it covers, the log that is loaded after it has.
            let state = live.current
            let texts = live.store.groups.texts(upTo: state.groupCount)
            let result = try read(stop: stop) { (snapshot) throws -> Result? in
                let stored = try live.store.beginRead()
                // A fold has taken more than was loaded: load again.
                if stored.watermark > state.position { return nil }
                return try body(snapshot, RuleMoment(live, state, texts, stored))
            }
            if let result { return result }
        }
    }

    /// All that is stored of a rule, with lengths, once all that is computed is folded: equal logs
    /// give equal bytes.
    /// - Throws: `.rule` where there is none, or where it is not folded after so long.
    package func foldedDump(rule name: String, milliseconds: Int) throws -> [UInt8] {
        guard let entry = rules.catalog.entry(named: name), let live = rules.live(entry.number)
        else { throw EngineError.rule("there is no rule \(name)") }
        for _ in 0..<max(1, milliseconds / 5) where !live.isSettled {
            _ = progress.monitor.wait(milliseconds: 5) { $0.closing ? true : nil }
        }
        guard live.isSettled else {
            throw EngineError.rule("the rule \(name) has not been folded")
        }
        var bytes: [UInt8] = []
        try unsafe live.store.beginRead().physicalDump { key, value in
            bytes.append(integer: UInt32(key.count))
            bytes.append(integer: UInt32(value.count))
            unsafe bytes.append(contentsOf: key)
            unsafe bytes.append(contentsOf: value)
        }
        return bytes
    }
}
