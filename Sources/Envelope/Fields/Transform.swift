/// What is made of a text before it is a name. One text may become several, or none.
package struct Transform: Sendable, Equatable {
    /// The kinds, by the words for them.
    package enum Kind: String, Sendable, CaseIterable, BitwiseCopyable {
        case lowercase, trim, nvr, words, list, mentions, mail, account, nick, label, basename
        case before, after, replace, drop, token, tokens, not, only
        case messageIDs = "message-ids"
    }

    package let kind: Kind
    /// What stands in brackets behind the word, as bytes.
    let texts: [[UInt8]]
    /// The same as numbers, where the kind takes numbers.
    let numbers: [Int]

    /// How many arguments a kind takes.
    private static func arguments(of kind: Kind) -> ClosedRange<Int> {
        switch kind {
        case .before, .after, .drop, .token: 1...1
        case .replace: 2...2
        case .tokens: 1...2
        case .not, .only: 1...64
        case .trim: 0...1
        default: 0...0
        }
    }

    /// - Parameters:
    ///   - word: the word for the kind.
    ///   - arguments: what stands in brackets behind it.
    init(word: String, arguments: [String]) throws(FieldError) {
        guard let kind = Kind(rawValue: word) else {
            let known = Kind.allCases.map(\.rawValue).sorted().joined(separator: ", ")
            throw FieldError("there is no transform \"\(word)\"; there are \(known)")
        }
        let accepted = Self.arguments(of: kind)
        guard accepted.contains(arguments.count) else {
            let many =
                accepted.lowerBound == accepted.upperBound
                ? "\(accepted.lowerBound)" : "\(accepted.lowerBound) to \(accepted.upperBound)"
            throw FieldError(
                "the transform \(word) takes \(many) arguments in brackets, not \(arguments.count)")
        }
        self.kind = kind
        texts = arguments.map { Array($0.utf8) }
        guard [.drop, .token, .tokens].contains(kind) else {
            if [.before, .after, .replace].contains(kind), texts[0].isEmpty {
                throw FieldError("the transform \(word) needs a text to look for")
            }
            numbers = []
            return
        }
        var numbers: [Int] = []
        for argument in arguments {
            guard let number = Int(argument), abs(number) <= 1_000 else {
                throw FieldError(
                    "the transform \(word) takes whole numbers up to 1000, not \"\(argument)\"")
            }
            numbers.append(number)
        }
        if kind == .drop, numbers[0] < 0 {
            throw FieldError("the transform drop takes a number of characters, not \(numbers[0])")
        }
        self.numbers = numbers
    }
}
