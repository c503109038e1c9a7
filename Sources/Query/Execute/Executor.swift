import Engine
import Model

/// Answers questions from one consistent moment of an engine.
package enum Executor {
    /// The reply to `question`; never throws, since an error is a reply too.
    /// - Parameter withSequence: the reply becomes [sequence, reply].
    package static func answer(
        _ question: Question, withSequence: Bool = false, from engine: Engine
    ) -> Reply {
        do {
            return try engine.read { snapshot in
                let reply = answer(question, in: snapshot)
                guard withSequence else { return reply }
                if case .error = reply { return reply }
                return .array([.integer(Int64(snapshot.end)), reply])
            }
        } catch {
            return .error("ERR \(error)")
        }
    }

    /// Whether a question may take longer than an event loop should be held.
    package static func isCostly(_ question: Question) -> Bool {
        switch question {
        case .count(let selection), .distinct(_, let selection): isCostly(selection)
        case .series(let series): series.distinct != nil || isCostly(series.selection)
        case .top(let top): isCostly(top.selection)
        case .names, .seen, .messages: true
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

    private static func answer(_ question: Question, in snapshot: borrowing Snapshot) -> Reply {
        do {
            switch question {
            case .count(let selection):
                return .integer(try Counting.count(selection, in: snapshot))
            case .series(let series):
                guard let dimension = series.distinct else {
                    return .pairs(try Counting.series(series, in: snapshot))
                }
                return .pairs(try DistinctSeries.series(dimension, series, in: snapshot))
            case .top(let top):
                return .ranking(try Ranking.top(top, in: snapshot))
            case .distinct(let dimension, let selection):
                return .integer(try Ranking.distinct(dimension, selection, in: snapshot))
            case .names(let names):
                let found = Naming.names(
                    names.dimension, prefix: names.prefix, limit: names.limit, in: snapshot)
                return .array(found.map { .bulk($0) })
            case .seen(let seen):
                return reply(try Naming.seen(seen.dimension, seen.name, seen.filter, in: snapshot))
            case .messages(let messages):
                return reply(
                    try Listing.messages(messages, in: snapshot), messages, began: snapshot.end)
            case .get(let id):
                return try Listing.get(id, in: snapshot).map { .bulk($0) } ?? .null
            }
        } catch let error as RequestError {
            return error.reply
        } catch {
            return .error("ERR \(error)")
        }
    }

    private static func reply(_ seen: (first: Timestamp, last: Timestamp, total: Int64)?) -> Reply {
        guard let seen else { return .null }
        return .array([
            .bulk(seen.first.decimalText), .bulk(seen.last.decimalText), .integer(seen.total),
        ])
    }

    private static func reply(
        _ page: (messages: [ListedMessage], more: Bool), _ question: MessagesQuestion,
        began: UInt64
    ) -> Reply {
        var next = Reply.null
        if page.more, let last = page.messages.last {
            let cursor = Cursor(
                time: last.time, sequence: last.sequence, began: question.after?.began ?? began,
                listing: question.listing)
            next = .bulk(cursor.text)
        }
        let rows = page.messages.map { message in
            Reply.array([
                .integer(Int64(message.sequence)), .bulk(message.time.decimalText),
                .bulk(message.envelope),
            ])
        }
        return .array([next, .array(rows)])
    }
}

extension Timestamp {
    /// Seconds with six decimals, as replies carry times.
    var decimalText: [UInt8] {
        let whole = microseconds.magnitude / 1_000_000
        let digits = String(microseconds.magnitude % 1_000_000)
        let padded = String(repeating: "0", count: 6 - digits.count) + digits
        return Array("\(microseconds < 0 ? "-" : "")\(whole).\(padded)".utf8)
    }
}
