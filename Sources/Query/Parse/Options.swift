import Model

/// The options of one request, gathered in any order.
struct Options {
    var filter = Filter()
    var lower: TimeText.Moment?
    var upper: TimeText.Moment?
    var zone = Zone.utc
    var distinct: Dimension?
    var by: Dimension?
    var level: Int?
    var step: Int64?
    var origin: Timestamp?
    var wait = 0
    var fill: SeriesQuestion.Fill = .none
    var except: [[UInt8]] = []
    var prefix: [UInt8] = []
    var contains: [[UInt8]] = []
    var order: MessagesQuestion.Order = .descending
    var limit: Int?
    var after: (cursor: Cursor, place: Int)?
    var withSequence = false
    /// The rule that is asked, and filters by its keys.
    var rule: String?
    var keyFilters: [RuleQuestion.KeyFilter] = []
    var quantiles: [Double] = []
    /// Where the first word was met that only a rule explains.
    var ruleWordPlace: Int?
    /// Where the options that may stand only once were met.
    var places = OptionPlaces()

    var range: TimeRange { TimeRange(lower: lower?.time, upper: upper?.time) }
    var selection: Selection { Selection(filter: filter, range: range) }
}

extension RequestParser {
    /// Reads the options up to the end of the words.
    mutating func options(
        _ accepted: OptionWords, _ given: Options = Options()
    ) throws(RequestError) -> Options {
        var options = given
        while position < words.count {
            let place = position
            guard let word = OptionWord(words.keyword(place)), accepted.contains(word) else {
                guard accepted.contains(.rule), mentionsRule else {
                    throw unknownOption(place, accepted)
                }
                position += 1
                try readKeyFilter(place, isExcluded: false, into: &options)
                continue
            }
            position += 1
            if word == .not || word.dimension != nil {
                try readFilter(word, place, into: &options)
                continue
            }
            guard word.repeats || options.places[word] == nil else {
                throw wrong(place, "\(word.text) stands twice")
            }
            options.places[word] = place
            try read(word, place, into: &options)
        }
        if options.rule == nil {
            // RULE was somebody's name.
            if let place = options.ruleWordPlace { throw unknownOption(place, accepted) }
            if let place = options.places[.by] { options.by = try dimension(at: place + 1) }
            if let place = options.places[.distinct] {
                options.distinct = try dimension(at: place + 1)
            }
        }
        try readTimes(into: &options)
        options.filter.dropRepeats()
        return options
    }

    private func unknownOption(_ place: Int, _ accepted: OptionWords) -> RequestError {
        let list = OptionWord.allCases.filter(accepted.contains).map(\.text)
        let given = quoted(words[place])
        return wrong(place, "\(given) is no option; accepted: \(list.joined(separator: ", "))")
    }

    private mutating func readFilter(
        _ word: OptionWord, _ place: Int, into options: inout Options
    ) throws(RequestError) {
        var dimension = word.dimension
        var option = place
        if word == .not {
            option = try value(of: place)
            dimension = OptionWord(words.keyword(option))?.dimension
        }
        guard let dimension else {
            // RULE itself is no key: what stands there is no name either.
            if mentionsRule, words.keyword(option) != "RULE" {
                return try readKeyFilter(option, isExcluded: word == .not, into: &options)
            }
            throw wrong(
                option,
                "NOT is followed by \(quoted(words[option])); accepted: "
                    + "TOPIC, CATEGORY, USER, PACKAGE, AGENT, OBJECT, SIGNATURE")
        }
        let bytes = try name(at: value(of: option))
        options.filter.add(
            NamePattern(bytes, of: dimension), of: dimension, negated: word == .not)
        guard mentionsRule else { return }
        options.keyFilters.append(
            RuleQuestion.KeyFilter(
                key: ruleWord(at: option), name: bytes, isExcluded: word == .not))
    }

    private mutating func read(
        _ word: OptionWord, _ place: Int, into options: inout Options
    ) throws(RequestError) {
        if word == .new { return }
        if word == .at {
            guard position == words.count else {
                throw wrong(place, "AT stands before other words; accepted: AT as the last word")
            }
            options.withSequence = true
            return
        }
        let argument = try value(of: place)
        switch word {
        // Dates mean what the zone says, which may be given behind them.
        case .from, .to, .last, .origin: break
        case .zone: options.zone = try zone(at: argument)
        // What a rule's words are is known once it is.
        case .by where mentionsRule, .distinct where mentionsRule: break
        case .rule: options.rule = ruleWord(at: argument)
        case .quantile: options.quantiles.append(try quantile(at: argument))
        case .by: options.by = try dimension(at: argument)
        case .level: options.level = try number(at: argument, "level", 1...Limits.topicLevelsMax)
        case .step: options.step = try step(at: argument)
        case .wait:
            options.wait = try number(
                at: argument, "number of milliseconds", 0...Limits.readWaitMillisecondsMax)
        case .distinct: options.distinct = try dimension(at: argument)
        case .except: options.except.append(try name(at: argument))
        case .prefix: options.prefix = try name(at: argument)
        case .contains: options.contains.append(try text(at: argument))
        case .limit: options.limit = try rows(at: argument)
        case .fill: options.fill = try fill(at: argument)
        case .order: options.order = try order(at: argument)
        case .after: options.after = (try cursor(at: argument), argument)
        default: preconditionFailure("\(word) is read elsewhere")
        }
    }

    private func text(at place: Int) throws(RequestError) -> [UInt8] {
        guard !words[place].isEmpty else {
            throw wrong(place, "CONTAINS takes a text of at least one byte")
        }
        return Array(words[place])
    }

    private func fill(at place: Int) throws(RequestError) -> SeriesQuestion.Fill {
        switch words.keyword(place) {
        case "ZERO": return .zero
        case "NONE": return .none
        default: throw wrong(place, "FILL \(quoted(words[place])); accepted: zero, none")
        }
    }

    private func order(at place: Int) throws(RequestError) -> MessagesQuestion.Order {
        switch words.keyword(place) {
        case "ASC": return .ascending
        case "DESC": return .descending
        default: throw wrong(place, "ORDER \(quoted(words[place])); accepted: asc, desc")
        }
    }

    private func cursor(at place: Int) throws(RequestError) -> Cursor {
        guard let cursor = Cursor(text: words[place]) else {
            throw wrong(
                place,
                "\(quoted(words[place])) is no cursor; accepted: "
                    + "the first part of a reply to MESSAGES")
        }
        return cursor
    }
}
