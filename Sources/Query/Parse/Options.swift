import Model

/// The options of one request, gathered in any order.
struct Options {
    var filter = Filter()
    var lower: TimeText.Moment?
    var upper: TimeText.Moment?
    var distinct: Dimension?
    var fill: SeriesQuestion.Fill = .none
    var except: [[UInt8]] = []
    var prefix: [UInt8] = []
    var contains: [[UInt8]] = []
    var order: MessagesQuestion.Order = .descending
    var limit: Int?
    var after: (cursor: Cursor, place: Int)?
    var withSequence = false
    /// Where the options that may stand only once were met.
    var places = OptionPlaces()

    var range: TimeRange { TimeRange(lower: lower?.time, upper: upper?.time) }
    var selection: Selection { Selection(filter: filter, range: range) }
}

extension RequestParser {
    /// Reads the options up to the end of the words.
    mutating func options(_ accepted: OptionWords) throws(RequestError) -> Options {
        var options = Options()
        while position < words.count {
            let place = position
            guard let word = OptionWord(words.keyword(place)), accepted.contains(word)
            else { throw unknownOption(place, accepted) }
            position += 1
            if word == .not || word.dimension != nil {
                try readFilter(word, place, into: &options)
                continue
            }
            guard word.repeats || options.places[word] == nil else {
                throw wrong(place, "\(word.text) stands twice")
            }
            options.places[word] = place
            switch word {
            case .from, .to, .last, .zone: try readRange(word, place, into: &options)
            default: try readOther(word, place, into: &options)
            }
        }
        try checkRange(options)
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
            throw wrong(
                option,
                "NOT is followed by \(quoted(words[option])); accepted: "
                    + "TOPIC, CATEGORY, USER, PACKAGE, AGENT, OBJECT")
        }
        let bytes = try name(at: value(of: option))
        options.filter.add(
            NamePattern(bytes, of: dimension), of: dimension, negated: word == .not)
    }

    private mutating func readRange(
        _ word: OptionWord, _ place: Int, into options: inout Options
    ) throws(RequestError) {
        let argument = try value(of: place)
        switch word {
        case .from:
            options.lower = try time(at: argument)
        case .to:
            options.upper = try time(at: argument)
        case .last:
            let ago = try duration(at: argument)
            options.lower = TimeText.Moment(
                time: Timestamp(microseconds: now.microseconds - ago), ago: ago)
            options.upper = TimeText.Moment(time: now, ago: 0)
        default:
            guard words.keyword(argument) == "UTC" else {
                throw wrong(
                    argument, "zone \(quoted(words[argument])) is not known; accepted: UTC")
            }
        }
        if let last = options.places[.last],
            options.places[.from] != nil || options.places[.to] != nil
        {
            throw wrong(last, "LAST stands beside FROM or TO; accepted: LAST alone, or those")
        }
    }

    private func checkRange(_ options: Options) throws(RequestError) {
        guard let lower = options.lower, let upper = options.upper, lower.time > upper.time else {
            return
        }
        let place = options.places[.from] ?? options.places[.last] ?? 0
        throw wrong(place, "the range ends before it begins; accepted: FROM at or before TO")
    }

    private mutating func readOther(
        _ word: OptionWord, _ place: Int, into options: inout Options
    ) throws(RequestError) {
        if word == .at {
            guard position == words.count else {
                throw wrong(place, "AT stands before other words; accepted: AT as the last word")
            }
            options.withSequence = true
            return
        }
        let argument = try value(of: place)
        switch word {
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
