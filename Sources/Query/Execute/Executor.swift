import Engine
import Model

/// Answers questions from one consistent moment of an engine.
package enum Executor {
    /// The reply to `question`; never throws, since an error is a reply too.
    /// - Parameters:
    ///   - withSequence: the reply becomes [sequence, reply].
    ///   - stop: gives the question up; the reply is an error then.
    package static func answer(
        _ question: Question, withSequence: Bool = false, from engine: Engine,
        stop: StopFlag? = nil
    ) -> Reply {
        if case .rule(let asked) = question {
            return answer(asked, withSequence: withSequence, from: engine, stop: stop)
        }
        return replying {
            try engine.read(stop: stop) { snapshot in
                let reply = try answer(question, in: snapshot)
                return withSequence ? .array([.integer(Int64(snapshot.end)), reply]) : reply
            }
        }
    }

    /// The same of a question that a rule answers; the sequence is that up to which it is
    /// complete.
    private static func answer(
        _ question: RuleQuestion, withSequence: Bool, from engine: Engine, stop: StopFlag?
    ) -> Reply {
        replying {
            try engine.read(rule: question.rule, stop: stop) { snapshot, moment in
                let (reply, covered) = try RuleAnswers.reply(question, moment, in: snapshot)
                return withSequence ? .array([.integer(Int64(covered)), reply]) : reply
            }
        }
    }

    /// The lines that tell how `question` would be answered.
    package static func explain(_ question: Question, from engine: Engine) -> Reply {
        if case .rule(let asked) = question {
            return replying {
                try engine.read(rule: asked.rule) { snapshot, moment in
                    .array(
                        try Explanation.lines(asked, moment, in: snapshot).map { .text($0) })
                }
            }
        }
        return replying {
            try engine.read { snapshot in
                .array(try Explanation.lines(question, in: snapshot).map { .text($0) })
            }
        }
    }

    /// What `body` answers, or the error that says why it does not.
    private static func replying(_ body: () throws -> Reply) -> Reply {
        do {
            return try body()
        } catch let error as RequestError {
            return error.reply
        } catch {
            return .error("ERR \(error)")
        }
    }

    /// Whether a question may take longer than an event loop should be held.
    package static func isCostly(_ question: Question) -> Bool {
        switch question {
        case .count(let selection), .distinct(_, let selection): isCostly(selection)
        case .series(let series):
            series.distinct != nil || series.by != nil || series.grid.windows != nil
                || series.grid.zone != .utc || isCostly(series.selection)
        case .top(let top): isCostly(top.selection)
        case .names, .seen, .latest, .messages, .read, .rule: true
        case .get: false
        }
    }

    /// Names left out, several names or two dimensions at once are answered from columns.
    private static func isCostly(_ selection: Selection) -> Bool {
        let sets = selection.filter.any.filter {
            $0.dimension != .topic && $0.dimension != .category
        }
        return !selection.filter.none.isEmpty || sets.count > 1
            || sets.contains { $0.patterns.count > 1 }
    }

    private static func answer(
        _ question: Question, in snapshot: borrowing Snapshot
    ) throws -> Reply {
        switch question {
        case .count(let selection):
            .integer(try Counting.count(selection, in: snapshot))
        case .series(let series):
            try reply(series, in: snapshot)
        case .top(let top):
            .ranking(try Ranking.top(top, in: snapshot))
        case .distinct(let dimension, let selection):
            .integer(try Ranking.distinct(dimension, selection, in: snapshot))
        case .names(let names):
            .array(try Naming.names(names, in: snapshot).map { .bulk($0) })
        case .seen(let seen):
            reply(try Naming.seen(seen, in: snapshot))
        case .messages(let messages):
            reply(try Listing.messages(messages, in: snapshot), messages, began: snapshot.end)
        case .latest(let dimension, let selection):
            reply(try Latest.messages(dimension, selection, in: snapshot))
        case .read(let read):
            reply(try Reading.page(read, in: snapshot))
        case .get(let id):
            .bulkOrNull(try Listing.get(id, in: snapshot))
        case .rule: preconditionFailure("a rule's question is answered with its rule")
        }
    }

    private static func reply(
        _ series: SeriesQuestion, in snapshot: borrowing Snapshot
    ) throws -> Reply {
        if let dimension = series.distinct {
            return .pairs(try DistinctSeries.series(dimension, series, in: snapshot))
        }
        if let by = series.by {
            let named = try NamedSeries.series(by, series, in: snapshot)
            return .array(named.map { .array([.bulk($0.name), .pairs($0.pairs)]) })
        }
        return .pairs(try Counting.series(series, in: snapshot))
    }

    private static func reply(_ latest: (names: [[UInt8]], rows: MessageRows)) -> Reply {
        .array(
            zip(latest.names, latest.rows.rows).map { name, row in
                .array([
                    .bulk(name), .integer(Int64(row.sequence)),
                    .bulk(row.time?.decimalText ?? []),
                    .bulkOrNull(latest.rows.envelope(row).map { Array($0) }),
                ])
            })
    }

    private static func reply(
        _ page: (next: UInt64, messages: MessageRows)
    ) -> Reply {
        .array([.integer(Int64(page.next)), .messages(page.messages)])
    }

    private static func reply(_ seen: (first: Timestamp, last: Timestamp, total: Int64)?) -> Reply {
        guard let seen else { return .null }
        return .array([
            .bulk(seen.first.decimalText), .bulk(seen.last.decimalText), .integer(seen.total),
        ])
    }

    private static func reply(
        _ page: (messages: MessageRows, more: Bool), _ question: MessagesQuestion,
        began: UInt64
    ) -> Reply {
        var next = Reply.null
        if page.more, let last = page.messages.rows.last, let time = last.time {
            let cursor = Cursor(
                time: time, sequence: last.sequence, began: question.after?.began ?? began,
                listing: question.listing)
            next = .bulk(cursor.text)
        }
        return .array([next, .messages(page.messages)])
    }
}

extension Reply {
    fileprivate static func bulkOrNull(_ bytes: [UInt8]?) -> Reply {
        bytes.map { .bulk($0) } ?? .null
    }
}

extension Timestamp {
    /// Seconds with six decimals, as replies carry times.
    var decimalText: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(20)
        if microseconds < 0 { text.append(UInt8(ascii: "-")) }
        text.append(decimal: Int64(microseconds.magnitude / 1_000_000))
        // A seventh digit in front keeps the zeros; the point takes its place.
        let point = text.count
        text.append(decimal: Int64(microseconds.magnitude % 1_000_000) + 1_000_000)
        text[point] = UInt8(ascii: ".")
        return text
    }
}
