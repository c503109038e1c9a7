import Model

/// Turns the words of one command into a request.
///
/// Commands and option words are read in any letter case; names are bytes and taken as they are.
package struct RequestParser {
    let words: Words
    /// The clock, read once for the whole request.
    let now: Timestamp
    /// The command's word in capitals.
    let command: String
    /// The next word to be read.
    var position = 1

    /// - Parameters:
    ///   - words: the command and what follows it; at least one word.
    ///   - now: what `now` and `LAST` mean.
    package static func parse(_ words: Words, now: Timestamp) throws(RequestError) -> Request {
        var parser = RequestParser(words: words, now: now, command: words.keyword(0))
        return try parser.request()
    }

    private mutating func request() throws(RequestError) -> Request {
        switch command {
        case "COUNT": return try question { p throws(RequestError) in try p.count() }
        case "SERIES": return try question { p throws(RequestError) in try p.series() }
        case "TOP": return try question { p throws(RequestError) in try p.top() }
        case "DISTINCT": return try question { p throws(RequestError) in try p.distinct() }
        case "NAMES": return try question { p throws(RequestError) in try p.names() }
        case "SEEN": return try question { p throws(RequestError) in try p.seen() }
        case "MESSAGES": return try question { p throws(RequestError) in try p.messages() }
        case "LATEST": return try question { p throws(RequestError) in try p.latest() }
        case "VALUES": return try question { p throws(RequestError) in try p.values() }
        case "GET": return try question { p throws(RequestError) in try p.get() }
        case "READ": return try question { p throws(RequestError) in try p.read() }
        case "EXPLAIN": return try explain()
        case "APPEND":
            try require(words.count == 2)
            return .append(Array(words[1]))
        case "CHECKPOINT":
            try require(words.count == 1)
            return .checkpoint
        case "COMPACT":
            try require(words.count == 1)
            return .compact
        case "REBUILD":
            try require(words.count == 1)
            return .rebuild
        case "BACKUP":
            try require(words.count == 2)
            guard words[1].first == UInt8(ascii: "/") else {
                throw wrong(
                    1,
                    "\(quoted(words[1])) is no whole path; accepted: a directory on the server's "
                        + "machine, from / on")
            }
            return .backup(Array(words[1]))
        case "INFO":
            return .info(sections: (1..<words.count).map { words.keyword($0).lowercased() })
        case "GAPS": return .gaps(try gaps())
        case "ROLLUP": return .rollup(try rollup())
        default:
            if let request = try connectionRequest() { return .connection(request) }
            let all = CommandTable.all.map(\.name).joined(separator: ", ")
            throw RequestError("unknown command \(quoted(words[0])); accepted: \(all)")
        }
    }

    private mutating func question(
        _ read: (inout RequestParser) throws(RequestError) -> (Question, Options)
    ) throws(RequestError) -> Request {
        let (question, options) = try read(&self)
        return .question(question, withSequence: options.withSequence)
    }

    private func explain() throws(RequestError) -> Request {
        try require(words.count >= 2)
        let inner: Request
        do {
            inner = try RequestParser.parse(words.dropFirst(), now: now)
        } catch {
            throw RequestError("EXPLAIN: " + error.sentence)
        }
        guard case .question(let question, _) = inner else {
            throw wrong(
                1,
                "\(quoted(words[1])) is no question; accepted: "
                    + CommandTable.questions.map(\.name).joined(separator: ", "))
        }
        return .explain(question)
    }

    // Errors.

    /// Refuses a wrong number of words, with the command's syntax.
    func require(_ isRight: Bool) throws(RequestError) {
        guard !isRight else { return }
        let syntax = CommandTable.command(command)?.syntax ?? command
        throw RequestError("wrong number of words for \(command); accepted: \(syntax)")
    }

    /// A sentence about the word at `place`, counted from 1, the command among them.
    func wrong(_ place: Int, _ what: String) -> RequestError {
        RequestError("\(command), word \(place + 1): \(what)")
    }

    // Words with a meaning of their own.

    /// The value that must follow the option word at `option`.
    mutating func value(of option: Int) throws(RequestError) -> Int {
        guard position < words.count else {
            throw wrong(
                option, "\(words.keyword(option)) is followed by nothing, and takes a value")
        }
        position += 1
        return position - 1
    }

    func name(at place: Int) throws(RequestError) -> [UInt8] {
        let bytes = words[place]
        guard !bytes.isEmpty else { throw wrong(place, "a name is empty") }
        guard bytes.count <= Limits.nameBytesMax else {
            throw wrong(
                place,
                "a name of \(bytes.count) bytes; accepted: at most \(Limits.nameBytesMax)")
        }
        return Array(bytes)
    }

    func dimension(at place: Int) throws(RequestError) -> Dimension {
        if let dimension = OptionWord(words.keyword(place))?.dimension {
            return dimension
        }
        throw wrong(
            place,
            "\(quoted(words[place])) is no dimension; accepted: "
                + "topic, category, user, package, agent, object, signature")
    }

    /// A whole number of rows; `other` says what else may stand there.
    func rows(at place: Int, or other: String = "") throws(RequestError) -> Int {
        try number(at: place, "number of rows", 1...Limits.replyRowsMax, or: other)
    }

    /// A whole number; `what` says of what.
    func number(
        at place: Int, _ what: String, _ accepted: ClosedRange<Int>, or other: String = ""
    ) throws(RequestError) -> Int {
        guard let count = TimeText.number(words[place]),
            (Int64(accepted.lowerBound)...Int64(accepted.upperBound)).contains(count)
        else {
            throw wrong(
                place,
                "\(quoted(words[place])) is no \(what); accepted: "
                    + "\(accepted.lowerBound) to \(accepted.upperBound)\(other)")
        }
        return Int(count)
    }
}
