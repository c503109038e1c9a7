import Tallylog

/// The questions of queries.txt as values: kind, id, and two hours or a time.
struct QuestionSet {
    private var questions: [(kind: Int, question: Question)] = []

    /// - Parameter odd: move the ends of ranges by odd seconds.
    init(_ data: String, odd: Bool) throws {
        let topics = try TextFile(data + "/topics.txt").lines.map { Array($0) }
        let users = try TextFile(data + "/users.txt").lines.map { Array($0) }
        // The data set spans 30 days from here, 2026-01-01T00:00:00Z.
        let start: Int64 = 1_767_225_600
        let end = start + 30 * 86_400
        for line in try TextFile(data + "/queries.txt").lines {
            let numbers = String(decoding: line, as: UTF8.self).split(separator: " ")
                .compactMap { Int64($0) }
            guard numbers.count == 4 else { continue }
            let kind = Int(numbers[0])
            let id = Int(numbers[1])
            let shift: Int64 = odd ? 1_234 : 0
            let month = Self.range(start + shift, end - shift)
            let week = Self.range(numbers[2] * 3_600 + shift, numbers[3] * 3_600 + shift)
            let question: Question
            switch kind {
            case 1: question = Self.series(.hour, .topic, topics[id - 1], month)
            case 2: question = Self.series(.day, .user, users[id - 1], month)
            case 3: question = Self.topUsers(ofTopic: topics[id - 1], week)
            case 4: question = Self.topTopics(week)
            default:
                let before = TimeRange(upper: Timestamp(seconds: numbers[2]))
                let topic = Self.only(.topic, topics[id - 1], before)
                question = .messages(MessagesQuestion(selection: topic, limit: 100))
                drillDowns.append((topic, topics[id - 1], before))
            }
            questions.append((kind, question))
        }
        addDrillDowns(users)
    }

    private var drillDowns: [(selection: Selection, topic: [UInt8], before: TimeRange)] = []

    /// 6: a user's last 100 messages before T. 7: those of a topic among them. With the times and
    /// topics of kind 5 and users from all over.
    private mutating func addDrillDowns(_ users: [[UInt8]]) {
        for (place, down) in drillDowns.enumerated() {
            let user = Filter.Clause(.user, [.name(users[place * 37 % users.count])])
            let topic = Filter.Clause(.topic, [.name(down.topic)])
            for (kind, clauses) in [(6, [user]), (7, [user, topic])] {
                let selection = Selection(filter: Filter(any: clauses), range: down.before)
                let question = MessagesQuestion(selection: selection, limit: 100)
                questions.append((kind, .messages(question)))
            }
        }
    }

    func ofKind(_ kind: Int) -> [Question] {
        questions.filter { $0.kind == kind }.map(\.question)
    }

    /// What the peers add up too: counts, or the lengths of envelopes.
    static func sum(_ reply: Reply) -> Int64 {
        switch reply {
        case .pairs(let pairs): pairs.reduce(0) { $0 + $1.1 }
        case .ranking(let names): names.reduce(0) { $0 + $1.count }
        case .array(let parts):
            if parts.count == 2, case .messages(let found) = parts[1] {
                Int64(found.bytes.count)
            } else {
                0
            }
        default: 0
        }
    }

    static func series(
        _ unit: Every.Unit, _ dimension: Dimension, _ name: [UInt8], _ range: TimeRange
    ) -> Question {
        .series(
            SeriesQuestion(
                grid: BucketGrid(Every(1, unit)), selection: only(dimension, name, range)))
    }

    static func topUsers(ofTopic topic: [UInt8], _ range: TimeRange) -> Question {
        .top(
            TopQuestion(limit: 10, dimension: .user, selection: only(.topic, topic, range)))
    }

    static func topTopics(_ range: TimeRange) -> Question {
        .top(TopQuestion(limit: 10, dimension: .topic, selection: Selection(range: range)))
    }

    private static func range(_ lower: Int64, _ upper: Int64) -> TimeRange {
        TimeRange(lower: Timestamp(seconds: lower), upper: Timestamp(seconds: upper))
    }

    private static func only(
        _ dimension: Dimension, _ name: [UInt8], _ range: TimeRange
    ) -> Selection {
        let clause = Filter.Clause(dimension, [.name(name)])
        return Selection(filter: Filter(any: [clause]), range: range)
    }
}
