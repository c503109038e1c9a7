import Model

/// Reads a field's text from left to right.
struct FieldReader {
    private let whole: String
    private var rest: Substring

    init(_ text: String) {
        whole = text
        rest = Substring(text)
    }

    mutating func readAlternatives() throws(FieldError) -> [Field.Alternative] {
        var alternatives: [Field.Alternative] = []
        repeat {
            skipSpaces()
            alternatives.append(try readAlternative())
            skipSpaces()
        } while try takeSeparator()
        return alternatives
    }

    /// Whether another alternative follows.
    private mutating func takeSeparator() throws(FieldError) -> Bool {
        guard let next = rest.first else { return false }
        guard next == "|" else {
            throw FieldError("\"\(whole)\" goes on with \"\(rest)\"; accepted is | or the end")
        }
        rest = rest.dropFirst()
        return true
    }

    private mutating func skipSpaces() { rest = rest.drop { $0 == " " } }

    private mutating func readAlternative() throws(FieldError) -> Field.Alternative {
        // What has a placeholder before it ends is a template.
        let end = endOfAlternative()
        guard rest[..<end].contains("<") else { return .chain(try readChain()) }
        let template = rest[..<end]
        rest = rest[end...]
        return .template(try Self.readTemplate(template, of: whole))
    }

    /// Where the next ` | ` outside of placeholders stands, or the end.
    private func endOfAlternative() -> Substring.Index {
        var depth = 0
        var isQuoted = false
        for place in rest.indices {
            switch rest[place] {
            case "'" where depth == 0: isQuoted.toggle()
            case "<" where !isQuoted: depth += 1
            case ">" where depth > 0:
                let before = rest[..<place].last
                if before != "-" { depth -= 1 }
            case "|" where depth == 0 && !isQuoted: return place
            default: break
            }
        }
        return rest.endIndex
    }

    private static func readTemplate(
        _ template: Substring, of whole: String
    ) throws(FieldError) -> [Field.Part] {
        var text = template
        while text.last == " " { text = text.dropLast() }
        var parts: [Field.Part] = []
        while let open = text.firstIndex(of: "<") {
            if open > text.startIndex { parts.append(.text(Array(text[..<open].utf8))) }
            var inside = FieldReader(whole)
            inside.rest = text[text.index(after: open)...]
            parts.append(.value(try inside.readChoice()))
            guard inside.rest.first == ">" else {
                throw FieldError("a placeholder of \"\(whole)\" is not closed by >")
            }
            text = inside.rest.dropFirst()
        }
        if !text.isEmpty { parts.append(.text(Array(text.utf8))) }
        let placeholders = parts.count { if case .value = $0 { true } else { false } }
        guard placeholders <= Limits.placeholdersMax else {
            throw FieldError(
                "\"\(whole)\" has \(placeholders) placeholders; a template may have "
                    + "\(Limits.placeholdersMax)")
        }
        return parts
    }

    /// The chains in a placeholder.
    private mutating func readChoice() throws(FieldError) -> [Field.Chain] {
        var chains: [Field.Chain] = []
        while true {
            skipSpaces()
            chains.append(try readChain())
            skipSpaces()
            guard rest.first == "|" else { return chains }
            rest = rest.dropFirst()
        }
    }

    private mutating func readChain() throws(FieldError) -> Field.Chain {
        var chain = Field.Chain(source: try readSource())
        skipSpaces()
        while rest.hasPrefix("->") {
            rest = rest.dropFirst(2)
            skipSpaces()
            chain.transforms.append(try readTransform())
            skipSpaces()
        }
        return chain
    }

    private mutating func readSource() throws(FieldError) -> Field.Chain.Source {
        if rest.first == "'" {
            let inside = rest.dropFirst()
            guard let end = inside.firstIndex(of: "'"), end > inside.startIndex else {
                throw FieldError("a constant of \"\(whole)\" stands between two ' and is not empty")
            }
            rest = inside[inside.index(after: end)...]
            return .constant(Array(inside[..<end].utf8))
        }
        if rest.first == "#" {
            let digits = rest.dropFirst().prefix { $0.isNumber }
            guard let number = Int(digits), (1...4).contains(number) else {
                throw FieldError("\"\(whole)\" asks for a key of each other than #1 to #4")
            }
            rest = rest.dropFirst(1 + digits.count)
            return .captured(number - 1)
        }
        return .path(try FieldPath(taking: &rest))
    }

    private mutating func readTransform() throws(FieldError) -> Transform {
        let word = rest.prefix { !" |>(".contains($0) }
        rest = rest[word.endIndex...]
        guard rest.first == "(" else {
            return try Transform(word: String(word), arguments: [])
        }
        rest = rest.dropFirst()
        var arguments: [String] = []
        while true {
            arguments.append(try readArgument())
            guard let next = rest.first else {
                throw FieldError("the bracket behind \(word) in \"\(whole)\" is not closed")
            }
            rest = rest.dropFirst()
            if next == ")" { return try Transform(word: String(word), arguments: arguments) }
        }
    }

    /// An argument up to the comma or bracket behind it; in quotes, it may hold both.
    private mutating func readArgument() throws(FieldError) -> String {
        guard rest.first == "\"" else {
            let argument = rest.prefix { $0 != "," && $0 != ")" }
            rest = rest[argument.endIndex...]
            return String(argument)
        }
        let inside = rest.dropFirst()
        guard let end = inside.firstIndex(of: "\"") else {
            throw FieldError("a quote in \"\(whole)\" is not closed")
        }
        rest = inside[inside.index(after: end)...]
        guard let next = rest.first, next == "," || next == ")" else {
            throw FieldError("a quoted argument in \"\(whole)\" is followed by a comma or )")
        }
        return String(inside[..<end])
    }
}
