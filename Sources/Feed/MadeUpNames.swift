/// Names that nobody bears, and words for texts.
enum MadeUpNames {
    static let words: [StaticString] = [
        "fix", "bump", "drop", "allow", "avoid", "build", "cache", "check", "clean", "close",
        "count", "doc", "enable", "error", "escape", "file", "format", "handle", "ignore",
        "improve", "index", "keep", "lint", "load", "log", "make", "merge", "move", "new",
        "parse", "path", "port", "prefer", "quiet", "raise", "read", "refuse", "release",
        "remove", "rename", "reply", "retry", "rewrite", "select", "send", "skip", "sort",
        "split", "start", "stop", "store", "support", "switch", "test", "trim", "unify", "update",
        "use", "verify", "wait", "write",
    ]

    private static let syllables = [
        "ba", "do", "fe", "gi", "hu", "ja", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu",
        "wa", "xe", "zi",
    ]
    private static let applications = [
        "git", "buildsys", "bodhi", "copr", "pagure", "wiki", "fas", "planet", "askbot", "hotness",
        "koschei", "fedocal", "irc",
    ]
    private static let events = [
        "receive", "build.state.change", "update.comment", "issue.new", "user.update", "tag",
        "page.edit", "task.state.change", "package.list.change", "vote", "request.new",
    ]

    private static func word(_ number: Int, syllables count: Int) -> String {
        var rest = number
        return (0..<count).map { _ in
            defer { rest /= syllables.count }
            return syllables[rest % syllables.count]
        }.joined()
    }

    /// How many services send messages.
    static var services: Int { applications.count }

    static func service(ofTopic number: Int) -> Int { number % applications.count }

    static func topic(_ number: Int) -> [UInt8] {
        let application = applications[service(ofTopic: number)]
        let event = events[number / applications.count % events.count]
        let round = number / (applications.count * events.count)
        let suffix = round == 0 ? "" : ".\(word(round, syllables: 2))\(round)"
        return Array("org.example.prod.\(application).\(event)\(suffix)".utf8)
    }

    static func user(_ number: Int) -> [UInt8] {
        Array("\(word(number, syllables: 3))\(number)".utf8)
    }

    static func package(_ number: Int) -> [UInt8] {
        Array("\(word(number, syllables: 2))-\(word(number * 7, syllables: 2))\(number)".utf8)
    }
}

/// Names that are drawn by Zipf's law: the second half as often as the first, and so on.
struct RankedNames {
    let names: [[UInt8]]
    /// The sums of the weights up to each name, the last being the whole.
    private let sums: [Double]

    init(_ names: [[UInt8]]) {
        self.names = names
        var sum = 0.0
        sums = names.indices.map { place in
            sum += 1 / Double(place + 1)
            return sum
        }
    }

    /// The place of a name.
    func draw(_ random: inout SeededRandom) -> Int {
        let wanted = Double(random.next() >> 11) * 0x1p-53 * sums[sums.count - 1]
        var range = 0..<sums.count - 1
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range =
                sums[middle] <= wanted
                ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }
}

/// SplitMix64: small, fast, and the same everywhere.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
