import Model

/// Questions that name a rule, and the commands about rules. A rule's keys and aggregates are words
/// of its own, which are known only where it is asked: here they are taken as they stand.
extension RequestParser {
    /// Whether the word RULE is among the words: then words that are none of the protocol's may be
    /// the rule's.
    var mentionsRule: Bool {
        (1..<words.count).contains { words.keyword($0) == "RULE" }
    }

    /// A word of a rule's, in small letters.
    func ruleWord(at place: Int) -> String {
        String(decoding: words[place], as: UTF8.self).lowercased()
    }

    /// Reads the value of a filter whose word stands at `place`.
    mutating func readKeyFilter(
        _ place: Int, isExcluded: Bool, into options: inout Options
    ) throws(RequestError) {
        if options.ruleWordPlace == nil { options.ruleWordPlace = place }
        options.keyFilters.append(
            RuleQuestion.KeyFilter(
                key: ruleWord(at: place), name: try name(at: value(of: place)),
                isExcluded: isExcluded))
    }

    func ruleQuestion(
        _ rule: String, _ what: RuleQuestion.What, _ options: Options
    ) -> Question {
        .rule(
            RuleQuestion(
                rule: rule, what, filters: options.keyFilters, range: options.range))
    }

    /// LEVEL is of topics' tokens, for which a rule has keys.
    func refuseLevel(_ options: Options) throws(RequestError) {
        guard let place = options.places[.level] else { return }
        throw wrong(
            place,
            "LEVEL stands beside RULE; accepted: a key of the rule, as in $.topic -> token(4)")
    }

    func ruleSeries(
        _ rule: String, _ every: Every, _ options: Options
    ) throws(RequestError) -> Question {
        try refuseLevel(options)
        let grid = try grid(every, options)
        let what: RuleQuestion.What
        if let by = options.places[.by] {
            if let distinct = options.places[.distinct] {
                throw wrong(
                    distinct, "DISTINCT stands beside BY; accepted: one of them in a request")
            }
            what = .seriesBy(
                grid, key: ruleWord(at: by + 1), limit: options.limit ?? Limits.replyRowsMax,
                fill: options.fill)
        } else if let distinct = options.places[.distinct] {
            what = .seriesDistinct(grid, word: ruleWord(at: distinct + 1), fill: options.fill)
        } else {
            what = .series(grid, fill: options.fill)
        }
        if let limit = options.places[.limit], options.places[.by] == nil {
            throw wrong(limit, "LIMIT stands without BY; accepted: BY key first")
        }
        if options.fill == .zero {
            try checkBuckets(
                SeriesQuestion(grid: grid, selection: options.selection, fill: .zero), options)
        }
        return ruleQuestion(rule, what, options)
    }

    /// Nil where no rule is asked.
    mutating func ruleLatest() throws(RequestError) -> (Question, Options)? {
        position = 1
        let options = try options(.latest)
        guard let rule = options.rule else { return nil }
        let key = options.places[.by].map { ruleWord(at: $0 + 1) }
        return (ruleQuestion(rule, .latest(key: key), options), options)
    }

    mutating func values() throws(RequestError) -> (Question, Options) {
        try require(words.count >= 5 && words.keyword(2) == "RULE")
        position = 5
        var given = Options()
        given.rule = ruleWord(at: 3)
        given.places[.rule] = 2
        let options = try options(.values, given)
        var bucketed: BucketGrid?
        if words.keyword(1) != "TOTAL" {
            bucketed = try grid(try every(at: 1), options)
        } else if let origin = options.places[.origin] {
            throw wrong(origin, "ORIGIN is of buckets; accepted: with a width in place of TOTAL")
        }
        let key = options.places[.by].map { ruleWord(at: $0 + 1) }
        let what = RuleQuestion.What.values(
            bucketed, aggregate: ruleWord(at: 4), quantiles: options.quantiles, key: key)
        return (ruleQuestion(ruleWord(at: 3), what, options), options)
    }

    /// A part of all, as 0.99.
    func quantile(at place: Int) throws(RequestError) -> Double {
        guard let value = Double(String(decoding: words[place], as: UTF8.self)), value >= 0,
            value <= 1
        else {
            throw wrong(
                place,
                "\(quoted(words[place])) is no quantile; accepted: 0 to 1, as 0.5 for the median")
        }
        return value
    }

    func rollup() throws(RequestError) -> RollupRequest {
        try require(words.count >= 2)
        switch words.keyword(1) {
        case "LIST":
            try require(words.count == 2)
            return .list
        case "CREATE":
            try require(words.count == 3)
            return .create(Array(words[2]))
        case "DROP":
            try require(words.count == 3)
            return .drop(Array(words[2]))
        default:
            throw wrong(1, "ROLLUP \(quoted(words[1])); accepted: LIST, CREATE, DROP")
        }
    }
}
