import Model
import Query
import TestSupport

/// Makes messages and questions that get in each other's way: few names, few days, many repeats.
struct RandomHistory {
    var random: SeededGenerator
    /// 2026-03-06T00:00:00Z: many zones set their clocks in the days after it.
    static let start: Int64 = 1_772_755_200
    static let days: Int64 = 40

    private let topics = [
        "org.example.prod.git.receive", "org.example.prod.git.branch", "org.example.prod.wiki.edit",
        "org.example.stg.git.receive", "org.example.prod.bodhi.update", "short.topic", "one",
        "a.b.c.", "/topic/VirtualTopic.eng.brew.task", "org.example.prod..empty",
    ]
    private let users = ["ada", "bob", "cyd", "dan", "eve", "@group", "zodbot"]
    private let packages = ["kernel", "glibc", "mesa", "rust-serde"]
    private let things = ["ada", "kernel", "a/b", "\u{e4}"]
    private var used: [(identity: String, time: Int64)] = []
    private var number = 0

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func message() -> ModelMessage {
        number += 1
        let day = Int64.random(in: 0..<Self.days, using: &random)
        var seconds = Self.start + day * 86_400 + Int64.random(in: 0..<86_400, using: &random)
        // Times that lie on the edges of buckets go wrong most easily.
        if random.chance(20) { seconds -= seconds % random.pick([60, 3_600, 86_400]) }
        var fraction: Int64 =
            random.chance(30) ? Int64.random(in: 0..<1_000_000, using: &random) : 0
        var hasID = random.chance(85)
        var id = "2026-" + uuid()
        if hasID, random.chance(15), let earlier = used.randomElement(using: &random) {
            id = earlier.identity
            let shift: Int64 = random.pick([0, 0, 1_000_000, 1_999_999, 2_000_000, 3_600_000_000])
            seconds = (earlier.time + shift) / 1_000_000
            fraction = (earlier.time + shift) % 1_000_000
        }
        if hasID, random.chance(5) { id = "odd id \(number)" }
        let timeless = random.chance(3)
        if timeless { hasID = true }
        let time = timeless ? Self.arrival : seconds * 1_000_000 + fraction
        if hasID { used.append((id, time)) }

        let topic = random.pick(topics)
        var fields: [String] = []
        var own: Set<String> = []
        var agent: String?
        if random.chance(80) {
            let user = random.pick(users)
            own.insert(user)
            agent = user
            fields.append("\"agent\":\"\(user)\"")
            if random.chance(30) {
                let other = random.pick(users)
                own.insert(other)
                fields.append("\"assignee\":\"\(other)\"")
            }
        }
        var things: Set<String> = []
        if random.chance(60) {
            let package = random.pick(packages)
            things.insert(package)
            fields.append("\"name\":\"\(package)\"")
        }
        var objects: Set<String> = []
        if random.chance(40) {
            let listed = (0...random.below(2)).map { _ in random.pick(self.things) }
            objects = Set(listed.map { "things/\($0)" })
            fields.append("\"things\":[\(listed.map { "\"\($0)\"" }.joined(separator: ","))]")
        }
        // Without an id the content is the identity, so few contents make repeats.
        fields.append("\"n\":\(hasID ? number : Int.random(in: 0..<3, using: &random))")
        let body = "{" + fields.joined(separator: ",") + "}"
        var parts = ["\"topic\":\"\(topic)\"", "\"msg\":\(body)"]
        if hasID { parts.append("\"msg_id\":\"\(id)\"") }
        if !timeless {
            let decimals = String(1_000_000 + fraction).dropFirst()
            parts.append(
                "\"timestamp\":" + (fraction == 0 ? "\(seconds)" : "\(seconds).\(decimals)"))
        }
        return ModelMessage(
            time: time, timeless: timeless, topic: topic, users: own, packages: things,
            objects: objects, agent: agent,
            identity: hasID ? id : "\(topic) \(seconds) \(fields.sorted())", hasID: hasID,
            envelope: "{" + parts.joined(separator: ",") + "}")
    }

    /// When every message arrives.
    static let arrival = (start + days * 86_400) * 1_000_000

    private mutating func uuid() -> String {
        let digits = (0..<32).map { _ in String(Int.random(in: 0..<16, using: &random), radix: 16) }
        let cuts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        return cuts.map { digits[$0].joined() }.joined(separator: "-")
    }

    mutating func question() -> Question {
        switch Int.random(in: 0..<12, using: &random) {
        case 0, 1: return .count(selection())
        case 2, 3: return .series(series())
        case 4, 5:
            let except = random.chance(20) ? [Array(random.pick(users).utf8)] : []
            let dimension = dimension()
            let level = dimension == .topic && random.chance(30) ? random.pick([1, 3, 4, 9]) : nil
            return .top(
                TopQuestion(
                    limit: random.chance(20) ? nil : Int.random(in: 1...6, using: &random),
                    dimension: dimension, level: level, except: except, selection: selection()))
        case 6: return .distinct(dimension(), selection())
        case 7:
            let dimension = dimension()
            if random.chance(30) {
                let prefix = random.pick(["", "o", "org.example.prod.", "g", "z", "@"])
                return .names(
                    NamesQuestion(
                        dimension: dimension, prefix: Array(prefix.utf8),
                        new: random.chance(60) ? range() : nil))
            }
            return .seen(
                SeenQuestion(
                    dimension: dimension, name: Array(name(dimension).utf8), filter: filter()))
        case 8:
            let contains = random.chance(20) ? [Array("\"n\":1".utf8)] : []
            return .messages(
                MessagesQuestion(
                    selection: selection(), contains: contains,
                    order: random.chance(50) ? .ascending : .descending,
                    limit: Int.random(in: 1...20, using: &random), listing: 7))
        case 9: return .latest(dimension(), selection())
        case 10:
            let from = random.chance(10) ? nil : UInt64.random(in: 1...350, using: &random)
            return .read(
                ReadQuestion(
                    from: from, filter: filter(), limit: Int.random(in: 1...20, using: &random)))
        default:
            let id = used.randomElement(using: &random)?.identity ?? "none"
            return .get(MessageID(random.chance(90) ? id : "unknown"))
        }
    }

    private static let zones = [
        "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
        "Pacific/Chatham", "America/St_Johns", "Asia/Beirut",
    ].compactMap { Zone(named: $0) }

    private mutating func series() -> SeriesQuestion {
        let every = random.pick([
            Every(1, .minute), Every(1, .hour), Every(1, .day), Every(7, .minute),
            Every(6, .hour), Every(2, .day), Every(1, .week), Every(1, .month), Every(1, .year),
            Every(3_601, .second),
        ])
        var selection = selection()
        let fill = random.chance(20)
        if fill { selection.range = closedRange() }
        let zone = random.chance(50) ? random.pick(Self.zones) : .utc
        var grid = BucketGrid(every, zone: zone)
        if random.chance(20) {
            grid = BucketGrid(every, zone: zone, origin: origin(every, zone)) ?? grid
        }
        if random.chance(20), every != Every(1, .minute), let width = grid.fixedSeconds {
            let step = random.pick([width / 2, width / 3, width, width * 2, 7_200])
            let windows = SlidingWindows(width: width, step: max(1, step))
            // Finer pieces than that would be too many over all days, and are refused.
            if windows.pieceSeconds >= 60 { grid.windows = windows }
        }
        let isWide = every.fixedSeconds ?? 90_000 > 80_000
        let distinct = random.chance(20) && isWide ? dimension() : nil
        var by: Grouping?
        if distinct == nil, random.chance(30), isWide || !fill {
            let dimension = dimension()
            let level = dimension == .topic && random.chance(40) ? random.pick([1, 3, 4, 9]) : nil
            by = Grouping(dimension, level: level, limit: random.chance(50) ? 2 : 10_000)
        }
        return SeriesQuestion(
            grid: grid, distinct: distinct, by: by, selection: selection,
            fill: fill ? .zero : .none)
    }

    /// A moment at which a bucket can begin.
    private mutating func origin(_ every: Every, _ zone: Zone) -> Timestamp {
        let day = (Self.start / 86_400) + Int64.random(in: -30...30, using: &random)
        let midnight = Timestamp(seconds: zone.start(ofDay: day))
        return every.unit == .hour || every.unit == .minute || every.unit == .second
            ? Timestamp(seconds: midnight.seconds + Int64(random.below(100_000))) : midnight
    }

    private mutating func dimension() -> Dimension {
        random.pick([.topic, .category, .user, .package, .agent, .object])
    }

    private mutating func name(_ dimension: Dimension) -> String {
        if random.chance(5) { return "nobody" }
        switch dimension {
        case .topic: return random.pick(topics)
        case .category: return random.pick(["git", "wiki", "bodhi", "Unclassified", "brew"])
        case .user, .agent: return random.pick(users)
        case .object: return "things/" + random.pick(things)
        default: return random.pick(packages)
        }
    }

    private mutating func filter() -> Filter {
        var filter = Filter()
        for dimension in [Dimension.topic, .category, .user, .package, .agent, .object]
        where random.chance(25) {
            var patterns: [NamePattern] = [.name(Array(name(dimension).utf8))]
            while random.chance(25) { patterns.append(.name(Array(name(dimension).utf8))) }
            if dimension == .topic, random.chance(30) {
                patterns.append(.prefix(Array("org.example.prod.".utf8)))
            }
            filter.any.append(Filter.Clause(dimension, patterns))
        }
        if random.chance(15) {
            let dimension = dimension()
            filter.none.append(Filter.Clause(dimension, [.name(Array(name(dimension).utf8))]))
        }
        return filter
    }

    private mutating func selection() -> Selection {
        Selection(filter: filter(), range: random.chance(40) ? .all : range())
    }

    private mutating func closedRange() -> TimeRange {
        let lower = moment()
        let length = Int64.random(in: 1...200_000, using: &random)
        return TimeRange(
            lower: lower, upper: Timestamp(microseconds: lower.microseconds + length * 1_000_000))
    }

    private mutating func range() -> TimeRange {
        var range = TimeRange()
        if random.chance(80) { range.lower = moment() }
        if random.chance(80) { range.upper = moment() }
        if let lower = range.lower, let upper = range.upper, upper < lower {
            range = TimeRange(lower: upper, upper: lower)
        }
        return range
    }

    private mutating func moment() -> Timestamp {
        let seconds =
            Self.start + Int64.random(in: -86_400...(Self.days + 1) * 86_400, using: &random)
        let unit = Int64(random.pick([1, 60, 3_600, 86_400]))
        let micros = random.chance(10) ? Int64.random(in: 0..<1_000_000, using: &random) : 0
        return Timestamp(microseconds: seconds / unit * unit * 1_000_000 + micros)
    }
}
