import Model

/// The words that begin an option, in the order in which errors list them.
enum OptionWord: UInt8, CaseIterable {
    case not, topic, category, user, package, agent, object, signature, rule
    case from, to, last, zone
    case distinct, by, level, step, origin, fill, except, prefix, new, contains, order, limit, after
    case quantile, wait, at

    /// - Parameter keyword: in capitals.
    init?(_ keyword: String) {
        switch keyword {
        case "NOT": self = .not
        case "TOPIC": self = .topic
        case "CATEGORY": self = .category
        case "USER": self = .user
        case "PACKAGE": self = .package
        case "AGENT": self = .agent
        case "OBJECT": self = .object
        case "SIGNATURE": self = .signature
        case "RULE": self = .rule
        case "QUANTILE": self = .quantile
        case "FROM": self = .from
        case "TO": self = .to
        case "LAST": self = .last
        case "TZ": self = .zone
        case "DISTINCT": self = .distinct
        case "BY": self = .by
        case "LEVEL": self = .level
        case "STEP": self = .step
        case "ORIGIN": self = .origin
        case "FILL": self = .fill
        case "EXCEPT": self = .except
        case "PREFIX": self = .prefix
        case "NEW": self = .new
        case "CONTAINS": self = .contains
        case "ORDER": self = .order
        case "LIMIT": self = .limit
        case "AFTER": self = .after
        case "WAIT": self = .wait
        case "AT": self = .at
        default: return nil
        }
    }

    /// The word, in capitals.
    var text: String { self == .zone ? "TZ" : "\(self)".uppercased() }

    /// The dimension that a filter word filters by.
    var dimension: Dimension? {
        switch self {
        case .topic: .topic
        case .category: .category
        case .user: .user
        case .package: .package
        case .agent: .agent
        case .object: .object
        case .signature: .signature
        default: nil
        }
    }

    /// Whether the option may stand more than once.
    var repeats: Bool {
        self == .not || dimension != nil || self == .except || self == .contains
            || self == .quantile
    }
}

/// The options that a command accepts. Made without allocating, since it is for every request.
struct OptionWords {
    private var bits: UInt32

    init(_ words: OptionWord...) {
        bits = words.reduce(0) { $0 | 1 << UInt32($1.rawValue) }
    }

    func contains(_ word: OptionWord) -> Bool { bits & 1 << UInt32(word.rawValue) != 0 }

    static func + (left: OptionWords, right: OptionWords) -> OptionWords {
        var sum = left
        sum.bits |= right.bits
        return sum
    }

    static let filters = OptionWords(
        .not, .topic, .category, .user, .package, .agent, .object, .signature)
    private static let messagesOfRange = filters + OptionWords(.from, .to, .last, .zone, .at)
    /// What nearly every question accepts.
    static let selection = messagesOfRange + OptionWords(.rule)
    static let series =
        selection + OptionWords(.distinct, .by, .level, .limit, .step, .origin, .fill)
    static let top = selection + OptionWords(.level, .except)
    static let names = OptionWords(.prefix, .new, .from, .to, .last, .zone, .limit, .at)
    static let seen = filters + OptionWords(.at)
    static let messages = messagesOfRange + OptionWords(.contains, .order, .limit, .after)
    static let latest = selection + OptionWords(.by)
    static let values = selection + OptionWords(.by, .origin, .quantile)
    static let get = OptionWords(.at)
    static let read = filters + OptionWords(.limit, .wait, .at)
}

/// Where the options that may stand only once were met.
struct OptionPlaces {
    private var places = InlineArray<30, Int32>(repeating: -1)

    /// The option's place among the words, or nil.
    subscript(word: OptionWord) -> Int? {
        get {
            let place = places[Int(word.rawValue)]
            return place < 0 ? nil : Int(place)
        }
        set { places[Int(word.rawValue)] = Int32(newValue ?? -1) }
    }
}
