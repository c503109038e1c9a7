import CSimdJSON

/// Where a value stands in an envelope: keys, and between them what goes to several values or asks
/// for something.
package struct FieldPath: Sendable, Equatable {
    /// From where a path leads.
    enum Origin: Sendable {
        /// The envelope's `msg`.
        case message
        /// The envelope itself: `$`.
        case envelope
        /// The value of the rule's `each`: a path that begins with a dot.
        case each
    }

    struct Step: Sendable, Equatable {
        var kind: Int
        var text = ""
        var condition = 0
        var keysLength = 0
        var place: Int32 = 0
    }

    var origin = Origin.message
    var steps: [Step] = []

    private static let conditions: [(sign: String, code: Int)] = [
        ("!=", Int(TALLYLOG_JSON_IS_NOT)), ("~=", Int(TALLYLOG_JSON_IS_FOLDED)),
        ("^=", Int(TALLYLOG_JSON_BEGINS)), ("*=", Int(TALLYLOG_JSON_HAS)),
        ("=", Int(TALLYLOG_JSON_IS)),
    ]

    /// Reads the path at the beginning of `text` and takes it away.
    init(taking text: inout Substring) throws(FieldError) {
        let whole = text
        if text.first == "$" {
            origin = .envelope
            text = text.dropFirst()
        } else if text.first == "." {
            origin = .each
        }
        while let character = text.first, !Self.ends(character) {
            switch character {
            case ".":
                text = text.dropFirst()
                guard let next = text.first, next != ".", !Self.ends(next) || steps.isEmpty else {
                    throw FieldError("a dot in a path is followed by a key: \(whole)")
                }
            case "[": try takeBrackets(&text)
            case "{": try takeBraces(&text)
            case "\"": try takeQuoted(&text)
            default:
                let key = text.prefix { !".[{".contains($0) && !Self.ends($0) }
                steps.append(Step(kind: Int(TALLYLOG_JSON_STEP_KEY), text: String(key)))
                text = text[key.endIndex...]
            }
        }
        if steps.isEmpty, origin == .message {
            throw FieldError("a path begins with a key, not with \"\(whole.prefix(20))\"")
        }
    }

    private static func ends(_ character: Character) -> Bool { " |>".contains(character) }

    private mutating func takeQuoted(_ text: inout Substring) throws(FieldError) {
        let rest = text.dropFirst()
        guard let end = rest.firstIndex(of: "\"") else {
            throw FieldError("a quoted key is closed by another quote: \(text)")
        }
        steps.append(Step(kind: Int(TALLYLOG_JSON_STEP_KEY), text: String(rest[..<end])))
        text = rest[rest.index(after: end)...]
    }

    private mutating func takeBraces(_ text: inout Substring) throws(FieldError) {
        if text.hasPrefix("{}") {
            steps.append(Step(kind: Int(TALLYLOG_JSON_STEP_VALUES)))
            text = text.dropFirst(2)
        } else if text.hasPrefix("{keys}") {
            steps.append(Step(kind: Int(TALLYLOG_JSON_STEP_KEYS)))
            text = text.dropFirst(6)
        } else {
            guard let end = text.firstIndex(of: "}") else {
                throw FieldError("a brace in a path is closed: \(text)")
            }
            let keys = text[text.index(after: text.startIndex)..<end]
            guard Self.areKeys(keys) else {
                throw FieldError(
                    "braces in a path are {} for values, {keys} for keys, or have a path of keys")
            }
            steps.append(Step(kind: Int(TALLYLOG_JSON_STEP_LOOKUP), text: String(keys)))
            text = text[text.index(after: end)...]
        }
    }

    /// Whether a text is keys with dots between them.
    private static func areKeys(_ text: Substring) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false)
            .allSatisfy { !$0.isEmpty && !$0.contains { " !~^*=[{".contains($0) } }
    }

    private mutating func takeBrackets(_ text: inout Substring) throws(FieldError) {
        guard let end = text.firstIndex(of: "]") else {
            throw FieldError("a bracket in a path is closed: \(text)")
        }
        let inside = String(text[text.index(after: text.startIndex)..<end])
        text = text[text.index(after: end)...]
        if inside.isEmpty {
            steps.append(Step(kind: Int(TALLYLOG_JSON_STEP_ELEMENTS)))
        } else if let place = Int32(inside) {
            steps.append(Step(kind: Int(TALLYLOG_JSON_STEP_ELEMENT), place: place))
        } else {
            try takeCondition(inside)
        }
    }

    private mutating func takeCondition(_ inside: String) throws(FieldError) {
        var keys = Substring(inside)
        var texts = Substring()
        var condition = Int(TALLYLOG_JSON_PRESENT)
        if let equals = inside.firstIndex(of: "="),
            let found = Self.conditions.first(where: { inside[...equals].hasSuffix($0.sign) })
        {
            keys = inside[..<inside.index(equals, offsetBy: 1 - found.sign.count)]
            texts = inside[inside.index(after: equals)...]
            condition = found.code
        } else if keys.first == "!" {
            keys = keys.dropFirst()
            condition = Int(TALLYLOG_JSON_MISSING)
        }
        guard Self.areKeys(keys) else {
            throw FieldError(
                "[\(inside)] is no condition; there are [key], [!key], [key=a,b], [key!=a,b], "
                    + "[key~=a,b], [key^=a,b] and [key*=a,b]")
        }
        steps.append(
            Step(
                kind: Int(TALLYLOG_JSON_STEP_WHERE), text: String(keys) + String(texts),
                condition: condition, keysLength: keys.utf8.count))
    }
}
