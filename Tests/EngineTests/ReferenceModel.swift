import Engine
import Envelope
import MessageLog
import Model
import Query

/// A message as the naive model keeps it.
struct ModelMessage: Equatable {
    var sequence: UInt64 = 0
    /// Microseconds.
    var time: Int64
    /// The time is that of the arrival.
    var timeless: Bool
    var topic: String
    var users: Set<String>
    var packages: Set<String>
    var objects: Set<String> = []
    var agent: String?
    /// The text of the id, or what an id would be derived from.
    var identity: String
    var hasID: Bool
    var envelope: String

    var category: String {
        let tokens = topic.split(separator: ".", omittingEmptySubsequences: false)
        let wanted = topic.contains("VirtualTopic") ? 2 : 3
        return tokens.count > wanted && !tokens[wanted].isEmpty
            ? String(tokens[wanted]) : "Unclassified"
    }

    func names(_ dimension: Dimension) -> Set<String> {
        switch dimension {
        case .topic: [topic]
        case .category: [category]
        case .user: users
        case .package: packages
        case .object: objects
        case .agent: Set(agent.map { [$0] } ?? [])
        default: []
        }
    }

    /// Topics cut after `level` tokens.
    func names(_ dimension: Dimension, level: Int?) -> Set<String> {
        guard let level else { return names(dimension) }
        let tokens = topic.split(separator: ".", omittingEmptySubsequences: false)
        return [tokens.prefix(level).joined(separator: ".")]
    }

    func meets(_ clause: Filter.Clause) -> Bool {
        names(clause.dimension).contains { name in
            clause.patterns.contains { pattern in
                switch pattern {
                case .name(let bytes): Array(name.utf8) == bytes
                case .prefix(let bytes): Array(name.utf8).starts(with: bytes)
                }
            }
        }
    }

    func matches(_ selection: Selection) -> Bool {
        if let lower = selection.range.lower, time < lower.microseconds { return false }
        if let upper = selection.range.upper, time >= upper.microseconds { return false }
        return selection.filter.any.allSatisfy { meets($0) }
            && !selection.filter.none.contains { meets($0) }
    }
}

/// Everything a store should know, in an array, answered by going through all of it.
struct ReferenceModel {
    private(set) var kept: [ModelMessage] = []
    /// The last sequence, the store's own records included.
    var end: UInt64 = 0
    /// Messages whose payloads retention has dropped.
    var dropped: Set<UInt64> = []
    /// Messages whose payloads damage has destroyed.
    private var lost: Set<UInt64> = []

    /// Adds a message, unless one like it is there.
    /// - Returns: the sequence it has, and whether it is new.
    mutating func append(_ message: ModelMessage) -> (sequence: UInt64, isNew: Bool) {
        for other in kept where other.identity == message.identity {
            let window = other.timeless || message.timeless ? 86_400_000_000 : 2_000_000
            if abs(other.time - message.time) < window { return (other.sequence, false) }
        }
        var added = message
        end += 1
        added.sequence = end
        kept.append(added)
        return (added.sequence, true)
    }

    /// Forgets what a repair could not give back.
    mutating func lose(_ losses: [Loss]) {
        for loss in losses {
            let sequences = loss.first..<loss.first + loss.count
            switch loss.what {
            case .records: kept.removeAll { sequences.contains($0.sequence) }
            case .payloads: lost.formUnion(sequences)
            }
        }
        end += UInt64(losses.count)
    }

    func answer(_ question: Question) -> Reply {
        switch question {
        case .count(let selection):
            return .integer(Int64(kept.count { $0.matches(selection) }))
        case .series(let series): return self.series(series)
        case .top(let top): return .ranking(ranking(top))
        case .distinct(let dimension, let selection):
            let names = kept.filter { $0.matches(selection) }.flatMap { $0.names(dimension) }
            return .integer(Int64(Set(names).count))
        case .names(let names):
            let inRange = kept.filter {
                names.new?.contains(Timestamp(microseconds: $0.time)) ?? true
            }
            var known = Set(inRange.flatMap { $0.names(names.dimension) })
            if let lower = names.new?.lower {
                let before = kept.filter { $0.time < lower.microseconds }
                known.subtract(before.flatMap { $0.names(names.dimension) })
            }
            let found = known.map { Array($0.utf8) }
                .filter { $0.starts(with: names.prefix) }
                .sorted { $0.lexicographicallyPrecedes($1) }
            return .array(found.prefix(names.limit).map { .bulk($0) })
        case .seen(let seen): return self.seen(seen)
        case .messages(let messages): return listing(messages)
        case .latest(let dimension, let selection): return latest(dimension, selection)
        case .read(let read): return self.read(read)
        case .rule: preconditionFailure("rules have a model of their own")
        case .get(let id):
            let found = kept.filter { $0.hasID && MessageID($0.identity) == id }
                .max { ($0.time, $0.sequence) < ($1.time, $1.sequence) }
            guard let found else { return .null }
            if lost.contains(found.sequence) {
                return .error("GONE damage has destroyed the payload of sequence")
            }
            return dropped.contains(found.sequence) ? gone(found) : envelope(found)
        }
    }

    private func envelope(_ message: ModelMessage) -> Reply {
        dropped.contains(message.sequence) || lost.contains(message.sequence)
            ? .null : .bulk(Array(message.envelope.utf8))
    }

    /// How the refusal begins.
    private func gone(_ message: ModelMessage) -> Reply {
        .error("GONE retention has dropped the payload of sequence \(message.sequence);")
    }

    /// The first messages of a listing, up to one that was dropped, and what follows them.
    private func page(
        _ matching: [ModelMessage], _ limit: Int
    ) -> (page: ArraySlice<ModelMessage>, next: ModelMessage?) {
        let page = matching.prefix(limit).prefix { !dropped.contains($0.sequence) }
        return (page, matching.dropFirst(page.count).first)
    }

    private func series(_ question: SeriesQuestion) -> Reply {
        let buckets = NaiveBuckets(question)
        let matching = kept.filter { $0.matches(question.selection) }
        if let dimension = question.distinct {
            return .pairs(
                buckets.pairs(matching) { Int64(Set($0.flatMap { $0.names(dimension) }).count) })
        }
        guard let by = question.by else {
            return .pairs(buckets.pairs(matching) { Int64($0.count) })
        }
        var named: [(name: [UInt8], pairs: [(Int64, Int64)], total: Int64)] = []
        for name in Set(matching.flatMap { $0.names(by.dimension, level: by.level) }) {
            let own = matching.filter { $0.names(by.dimension, level: by.level).contains(name) }
            let pairs = buckets.pairs(own) { Int64($0.count) }
            let total = pairs.reduce(0) { $0 + $1.1 }
            if total > 0 { named.append((Array(name.utf8), pairs, total)) }
        }
        named.sort {
            $0.total != $1.total ? $0.total > $1.total : $0.name.lexicographicallyPrecedes($1.name)
        }
        return .array(named.prefix(by.limit).map { .array([.bulk($0.name), .pairs($0.pairs)]) })
    }

    private func latest(_ dimension: Dimension, _ selection: Selection) -> Reply {
        let matching = kept.filter { $0.matches(selection) }
        let names = Set(matching.flatMap { $0.names(dimension) }).map { Array($0.utf8) }
            .sorted { $0.lexicographicallyPrecedes($1) }
        return .array(
            names.compactMap { name in
                let text = String(decoding: name, as: UTF8.self)
                let own = matching.filter { $0.names(dimension).contains(text) }
                guard let newest = own.max(by: { ($0.time, $0.sequence) < ($1.time, $1.sequence) })
                else { return nil }
                return .array([
                    .bulk(name), .integer(Int64(newest.sequence)), .bulk(decimal(newest.time)),
                    envelope(newest),
                ])
            })
    }

    private func read(_ question: ReadQuestion) -> Reply {
        let from = question.from ?? end + 1
        let selection = Selection(filter: question.filter)
        let matching = kept.filter { $0.sequence >= from && $0.matches(selection) }
        let (page, following) = page(matching, question.limit)
        if let following, page.isEmpty { return gone(following) }
        return .array([
            .integer(Int64(following?.sequence ?? max(from, end + 1))),
            .array(
                page.map {
                    .array([.integer(Int64($0.sequence)), envelope($0)])
                }),
        ])
    }

    private func ranking(_ question: TopQuestion) -> [(name: [UInt8], count: Int64)] {
        var counts: [String: Int64] = [:]
        for message in kept where message.matches(question.selection) {
            for name in message.names(question.dimension, level: question.level) {
                counts[name, default: 0] += 1
            }
        }
        let ranked = counts.map { (name: Array($0.key.utf8), count: $0.value) }
            .filter { !question.except.contains($0.name) }
            .sorted {
                $0.count != $1.count
                    ? $0.count > $1.count : $0.name.lexicographicallyPrecedes($1.name)
            }
        return question.limit.map { Array(ranked.prefix($0)) } ?? ranked
    }

    private func seen(_ question: SeenQuestion) -> Reply {
        let clause = Filter.Clause(question.dimension, [.name(question.name)])
        let times = kept.filter {
            $0.meets(clause) && $0.matches(Selection(filter: question.filter))
        }.map(\.time)
        guard let first = times.min(), let last = times.max() else { return .null }
        return .array([.bulk(decimal(first)), .bulk(decimal(last)), .integer(Int64(times.count))])
    }

    private func listing(_ question: MessagesQuestion) -> Reply {
        let matching = kept.filter { message in
            message.matches(question.selection)
                && (question.contains.isEmpty
                    || dropped.contains(message.sequence) || lost.contains(message.sequence)
                    || question.contains.contains {
                        message.envelope.contains(String(decoding: $0, as: UTF8.self))
                    })
        }.sorted { ($0.time, $0.sequence) < ($1.time, $1.sequence) }
        let ordered = question.order == .ascending ? matching : matching.reversed()
        let (page, following) = page(ordered, question.limit)
        if let following, page.isEmpty { return gone(following) }
        var next = Reply.null
        if following != nil, let last = page.last {
            let cursor = Cursor(
                time: Timestamp(microseconds: last.time), sequence: last.sequence,
                began: end, listing: question.listing)
            next = .bulk(cursor.text)
        }
        return .array([
            next,
            .array(
                page.map {
                    .array([
                        .integer(Int64($0.sequence)), .bulk(decimal($0.time)), envelope($0),
                    ])
                }),
        ])
    }

    private func decimal(_ microseconds: Int64) -> [UInt8] {
        let fraction = String(1_000_000 + microseconds % 1_000_000).dropFirst()
        return Array("\(microseconds / 1_000_000).\(fraction)".utf8)
    }
}
