import Model

/// The questions, word by word.
extension RequestParser {
    mutating func count() throws(RequestError) -> (Question, Options) {
        let options = try options(.selection)
        if let rule = options.rule { return (ruleQuestion(rule, .count, options), options) }
        return (.count(options.selection), options)
    }

    mutating func series() throws(RequestError) -> (Question, Options) {
        try require(words.count >= 2)
        position = 2
        let every = try every(at: 1)
        let options = try options(.series)
        if let rule = options.rule { return (try ruleSeries(rule, every, options), options) }
        let series = SeriesQuestion(
            grid: try grid(every, options), distinct: options.distinct,
            by: try grouping(options), selection: options.selection, fill: options.fill)
        if options.fill == .zero { try checkBuckets(series, options) }
        return (.series(series), options)
    }

    private func grouping(_ options: Options) throws(RequestError) -> Grouping? {
        if let by = options.by {
            if let distinct = options.places[.distinct] {
                throw wrong(
                    distinct, "DISTINCT stands beside BY; accepted: one of them in a request")
            }
            try checkLevel(options, by)
            return Grouping(
                by, level: options.level, limit: options.limit ?? Limits.replyRowsMax)
        }
        for word in [OptionWord.level, .limit] {
            if let place = options.places[word] {
                throw wrong(place, "\(word.text) stands without BY; accepted: BY dimension first")
            }
        }
        return nil
    }

    private func checkLevel(
        _ options: Options, _ dimension: Dimension
    ) throws(RequestError) {
        guard let place = options.places[.level], dimension != .topic else { return }
        throw wrong(place, "LEVEL is of topics, which have dots; accepted: with topic")
    }

    func checkBuckets(
        _ series: SeriesQuestion, _ options: Options
    ) throws(RequestError) {
        let place = options.places[.fill] ?? 0
        guard let lower = series.selection.range.lower, let upper = series.selection.range.upper
        else {
            throw wrong(
                place, "FILL zero needs both ends of the range; accepted: with FROM and TO, or LAST"
            )
        }
        let buckets = series.grid.numbers(from: lower, to: upper).count
        guard buckets <= Limits.seriesBucketsMax else {
            throw wrong(
                place,
                "\(buckets) buckets; accepted: at most \(Limits.seriesBucketsMax), "
                    + "take a wider bucket or a shorter range")
        }
    }

    mutating func top() throws(RequestError) -> (Question, Options) {
        try require(words.count >= 3)
        position = 3
        let isAll = words.keyword(1) == "ALL"
        let limit = isAll ? nil : try rows(at: 1, or: ", or ALL")
        if !mentionsRule { _ = try dimension(at: 2) }
        let options = try options(.top)
        if let rule = options.rule {
            try refuseLevel(options)
            let what = RuleQuestion.What.top(
                limit: limit, key: ruleWord(at: 2), except: options.except)
            return (ruleQuestion(rule, what, options), options)
        }
        let dimension = try dimension(at: 2)
        try checkLevel(options, dimension)
        let top = TopQuestion(
            limit: limit, dimension: dimension, level: options.level, except: options.except,
            selection: options.selection)
        return (.top(top), options)
    }

    mutating func distinct() throws(RequestError) -> (Question, Options) {
        try require(words.count >= 2)
        position = 2
        if !mentionsRule { _ = try dimension(at: 1) }
        let options = try options(.selection)
        if let rule = options.rule {
            return (ruleQuestion(rule, .distinct(word: ruleWord(at: 1)), options), options)
        }
        return (.distinct(try dimension(at: 1), options.selection), options)
    }

    mutating func names() throws(RequestError) -> (Question, Options) {
        try require(words.count >= 2)
        position = 2
        let dimension = try dimension(at: 1)
        let options = try options(.names)
        let isNew = options.places[.new] != nil
        let hasRange = options.lower != nil || options.upper != nil
        if isNew != hasRange {
            let place =
                options.places[.new] ?? options.places[.from] ?? options.places[.to]
                ?? options.places[.last] ?? 0
            throw wrong(
                place,
                isNew
                    ? "NEW needs a range; accepted: NEW FROM time TO time, NEW LAST 7d"
                    : "a range stands without NEW; accepted: NEW before it")
        }
        let names = NamesQuestion(
            dimension: dimension, prefix: options.prefix, new: isNew ? options.range : nil,
            limit: options.limit ?? Limits.replyRowsMax)
        return (.names(names), options)
    }

    mutating func seen() throws(RequestError) -> (Question, Options) {
        try require(words.count >= 3)
        position = 3
        let dimension = try dimension(at: 1)
        let name = try name(at: 2)
        let options = try options(.seen)
        let seen = SeenQuestion(dimension: dimension, name: name, filter: options.filter)
        return (.seen(seen), options)
    }

    mutating func messages() throws(RequestError) -> (Question, Options) {
        let options = try options(.messages)
        let listing = listing(options)
        if let after = options.after, after.cursor.listing != listing {
            throw wrong(
                after.place,
                "the cursor is of another listing; accepted: one from a reply to the same "
                    + "filters, range, texts and order")
        }
        let messages = MessagesQuestion(
            selection: options.selection, contains: options.contains, order: options.order,
            limit: options.limit ?? Limits.messagesDefault, after: options.after?.cursor,
            listing: listing)
        return (.messages(messages), options)
    }

    mutating func latest() throws(RequestError) -> (Question, Options) {
        if mentionsRule, let asked = try ruleLatest() { return asked }
        try require(words.count >= 3 && words.keyword(1) == "BY")
        position = 3
        let dimension = try dimension(at: 2)
        let options = try options(.selection)
        return (.latest(dimension, options.selection), options)
    }

    mutating func read() throws(RequestError) -> (Question, Options) {
        try require(words.count >= 3 && words.keyword(1) == "FROM")
        position = 3
        let from = try sequence(at: 2)
        let options = try options(.read)
        let read = ReadQuestion(
            from: from, filter: options.filter, limit: options.limit ?? Limits.messagesDefault,
            waitMilliseconds: options.wait)
        return (.read(read), options)
    }

    /// A sequence; nil for `$`, the next message's.
    private func sequence(at place: Int) throws(RequestError) -> UInt64? {
        if words[place].elementsEqual("$".utf8) { return nil }
        guard let number = TimeText.number(words[place]), number >= 1 else {
            throw wrong(
                place,
                "\(quoted(words[place])) is no sequence; accepted: 1 and up, the first part of a "
                    + "reply to READ, or $ for what comes from now on")
        }
        return UInt64(number)
    }

    mutating func get() throws(RequestError) -> (Question, Options) {
        try require(words.count == 2 || words.count == 3)
        position = 2
        let text = try name(at: 1)
        let options = try options(.get)
        let id = unsafe text.withUnsafeBytes { unsafe MessageID(text: $0) }
        return (.get(id), options)
    }

    /// What makes a listing the same on its next page: filters, texts, order, and the ends of the
    /// range as they were written, since `now` has moved on by then.
    private func listing(_ options: Options) -> UInt64 {
        var bytes: [UInt8] = [options.order == .ascending ? 1 : 2]
        for end in [options.lower, options.upper] {
            bytes.append(end == nil ? 0 : end?.ago == nil ? 1 : 2)
            bytes.append(integer: end?.ago ?? end?.time.microseconds ?? 0)
        }
        for clauses in [options.filter.any, options.filter.none] {
            bytes.append(integer: UInt32(clauses.count))
            for clause in clauses {
                bytes.append(clause.dimension.code)
                bytes.append(integer: UInt32(clause.patterns.count))
                for pattern in clause.patterns {
                    switch pattern {
                    case .name(let name): append(0, name, to: &bytes)
                    case .prefix(let prefix): append(1, prefix, to: &bytes)
                    }
                }
            }
        }
        for text in options.contains { append(2, text, to: &bytes) }
        return unsafe bytes.withUnsafeBytes { unsafe Checksum.sha256Half($0).high }
    }

    private func append(_ kind: UInt8, _ text: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(kind)
        bytes.append(integer: UInt32(text.count))
        bytes.append(contentsOf: text)
    }
}
