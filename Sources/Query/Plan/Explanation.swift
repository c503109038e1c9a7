import Engine
import Model
import Rollup
import Rules

/// EXPLAIN: from what a question would be answered, and how much of it there is.
enum Explanation {
    /// Lines of text: tallies, columns, messages, and which threads would do it.
    static func lines(_ question: Question, in snapshot: borrowing Snapshot) throws -> [String] {
        var lines = try sources(question, in: snapshot)
        let pool = Executor.isCostly(question)
        lines.append("runs on: \(pool ? "a worker thread" : "the event loop")")
        lines.append("sequence: \(snapshot.end), folded up to \(snapshot.folded)")
        return lines
    }

    /// The same of a question that a rule answers.
    static func lines(
        _ question: RuleQuestion, _ moment: borrowing RuleMoment,
        in snapshot: borrowing Snapshot
    ) throws -> [String] {
        let program = moment.program
        let sources = try RuleSources(question.range, grid: question.grid, moment, in: snapshot)
        var lines = ["rule: \(program.rule.name), computed up to \(moment.position)"]
        for piece in sources.pieces {
            let width = program.rule.widths[piece.width].seconds
            let count = (piece.starts.upperBound - piece.starts.lowerBound) / width
            lines.append("buckets: \(count) x \(RuleWords.text(ofSeconds: width))")
        }
        let read = program.needsPayload ? "columns and payloads" : "columns"
        if !sources.edges.isEmpty {
            let seconds = sources.edges.reduce(0) { $0 + ($1.upper - $1.lower) / 1_000_000 }
            lines.append("between buckets: messages of \(seconds) s, from \(read)")
        }
        if let tail = sources.tail {
            lines.append("newest: \(tail.count) rows, from \(read)")
        }
        lines.append("runs on: a worker thread")
        lines.append("sequence: \(sources.covered), the log ends at \(snapshot.end)")
        return lines
    }

    private static func sources(
        _ question: Question, in snapshot: borrowing Snapshot
    ) throws -> [String] {
        switch question {
        case .count(let selection):
            return try lines(Counting.sources(selection, in: snapshot), in: snapshot)
        case .series(let series):
            let layout = try SeriesLayout(series, snapshot.span(series.selection.range))
            if let dimension = series.distinct {
                return ["buckets: \(layout.listedCount), each counted by itself"]
                    + (try names(dimension, series.selection, in: snapshot))
            }
            let sources =
                if let by = series.by {
                    NamedSeries.sources(by, series, layout, in: snapshot)
                } else {
                    AnswerSources(series, layout, in: snapshot)
                }
            return try ["buckets: \(layout.listedCount)"] + lines(sources, in: snapshot)
        case .top(let top): return try names(top.dimension, top.selection, in: snapshot)
        case .distinct(let dimension, let selection):
            return try names(dimension, selection, in: snapshot)
        case .names(let names):
            let count = snapshot.names.count(names.dimension.counted)
            guard let range = names.new else { return ["names: \(count), from the name table"] }
            return ["names: \(count), counted in the range and before it"]
                + (try self.names(names.dimension, Selection(range: range), in: snapshot))
        case .seen(let seen):
            let sources = Counting.sources(Selection(filter: seen.narrowed), in: snapshot)
            return try lines(sources, in: snapshot)
                + ["first and last: found by halving days, then from the columns of a day each"]
        case .latest(_, let selection):
            return try rows(selection.filter, selection.range, in: snapshot)
                + ["messages: one for each name, read by sequence"]
        case .messages(let messages):
            let texts = messages.contains.isEmpty ? "" : ", and every one that a text is sought in"
            return try rows(messages.selection.filter, messages.selection.range, in: snapshot)
                + ["messages: at most \(messages.limit), read by sequence\(texts)"]
        case .get: return ["ids: the index of every segment", "messages: 1, read by sequence"]
        case .rule: preconditionFailure("a rule's question is explained with its rule")
        case .read(let read):
            let from = min(read.from ?? snapshot.end + 1, snapshot.end + 1)
            return [
                "columns: from sequence \(from), at most \(snapshot.end + 1 - from) rows",
                "messages: at most \(read.limit), read by sequence",
            ]
        }
    }

    private static func names(
        _ dimension: Dimension, _ selection: Selection, in snapshot: borrowing Snapshot
    ) throws -> [String] {
        let sources = Ranking.sources(dimension, selection, in: snapshot)
        let lines = try lines(sources, in: snapshot)
        guard let member = TallyMember(dimension.counted), let groups = sources.groups,
            !(member == .topic && sources.filter.topics != nil)
        else { return lines }
        var entries = 0
        for piece in sources.split?.pieces ?? [] {
            for group in groups.compactMap(\.tallied) {
                entries += try snapshot.rollups.estimatedEntries(
                    group, of: member, hours: piece.buckets)
            }
        }
        return lines + ["entries: at most \(entries)"]
    }

    private static func rows(
        _ filter: Filter, _ range: TimeRange, in snapshot: borrowing Snapshot
    ) throws -> [String] {
        let sources = AnswerSources(
            Selection(filter: filter, range: range), levels: [], in: snapshot)
        return try lines(sources, in: snapshot)
    }

    private static func lines(
        _ sources: AnswerSources, in snapshot: borrowing Snapshot
    ) throws -> [String] {
        var lines: [String] = []
        if let groups = sources.groups, let split = sources.split {
            for piece in split.pieces {
                lines.append(
                    "tallies: \(words(groups)), \(piece.buckets.count) x \(piece.granularity)")
            }
        }
        var (segments, blocks) = (0, 0)
        for scan in sources.scans() {
            let own = try scan.estimate(in: snapshot)
            segments += own.segments
            blocks += own.blocks
        }
        if blocks > 0 {
            lines.append("columns: at most \(blocks) blocks in \(segments) passes over segments")
        }
        return lines.isEmpty ? ["nothing: no message can match"] : lines
    }

    private static func words(_ groups: [SeriesGroup]) -> String {
        switch groups.first {
        case nil: "no topics"
        case .all?: "all messages"
        case .topic?: groups.count == 1 ? "1 topic" : "\(groups.count) topics"
        case .user?: "1 user"
        case .package?: "1 package"
        case .userTopic?: "1 user's messages of \(groups.count) topics"
        case .packageTopic?: "1 package's messages of \(groups.count) topics"
        }
    }
}
