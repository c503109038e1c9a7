import MessageLog
import Model

/// The rows of a segment that match a filter, their times apart, found by posting lists: where few
/// rows match, the blocks of all others need not be read.
struct CandidateRows {
    /// The names of a clause, in the dimension where it has them.
    private typealias Lists = [PostingCursor]

    /// Of the clause that fewest rows meet.
    private var narrowest: Lists
    /// Of each other clause, and whether a row must be in one of its lists or in none.
    private var others: [(lists: Lists, wanted: Bool)] = []
    /// Which topics match, by local id; nil where the lists say it.
    private var topics: [Bool]?
    private var reader: RowReader

    /// Above one row of so many all blocks are read instead.
    private static let scarcity = 16

    /// nil where the lists do not help, or there are none.
    init?(_ test: RowTest, _ columns: SegmentColumns) {
        guard let first = test.postings.first, first.rows < columns.rows / Self.scarcity,
            let lists = Self.lists(first.dimension, first.ids, columns)
        else { return nil }
        narrowest = lists
        reader = RowReader(columns)
        for clause in test.postings.dropFirst() {
            if clause.dimension == .topic {
                topics = test.topics
            } else if let lists = Self.lists(clause.dimension, clause.ids, columns) {
                others.append((lists, true))
            }
        }
        for clause in test.refused {
            guard let lists = Self.lists(clause.dimension, clause.ids, columns) else { return nil }
            others.append((lists, false))
        }
    }

    private static func lists(
        _ dimension: Dimension, _ ids: [UInt32], _ columns: SegmentColumns
    ) -> Lists? {
        var lists: Lists = []
        for id in ids {
            guard let list = columns.postingCursor(dimension, id) else { return nil }
            lists.append(list)
        }
        return lists
    }

    /// The last row before `row` that may match.
    mutating func last(before row: Int) -> Int? {
        var last: Int?
        for place in narrowest.indices {
            guard let found = narrowest[place].last(before: row) else { continue }
            last = max(last ?? found, found)
        }
        return last
    }

    /// The first row from `row` on that may match.
    mutating func first(from row: Int) -> Int? {
        var first: Int?
        for place in narrowest.indices {
            guard let found = narrowest[place].first(from: row) else { continue }
            first = min(first ?? found, found)
        }
        return first
    }

    /// The rows of a range that match, ascending.
    mutating func rows(in range: Range<Int>) -> [UInt32] {
        var rows: [UInt32] = []
        for place in narrowest.indices { narrowest[place].append(in: range, to: &rows) }
        if narrowest.count > 1 { rows = Array(Set(rows)).sorted() }
        guard topics != nil || !others.isEmpty else { return rows }
        return rows.filter { matches(Int($0)) }
    }

    private mutating func matches(_ row: Int) -> Bool {
        if let topics, !topics[Int(reader.topic(ofRow: row))] { return false }
        for clause in others.indices {
            var isListed = false
            for place in others[clause].lists.indices where !isListed {
                isListed = others[clause].lists[place].contains(row)
            }
            if isListed != others[clause].wanted { return false }
        }
        return true
    }
}
