import CSimdJSON
import Model

/// One alternative of a field, read from its text.
struct FieldPath {
    struct Step {
        var text: String
        var kind: UInt32
    }

    var fromMsg = true
    var steps: [Step] = []
    var transform = NameTransform.asIs

    /// Reads the paths of a field; the syntax is that of `ExtractionRule`. Profiles are part of the
    /// program, so a mistake in one is a broken invariant.
    static func alternatives(of field: String) -> [FieldPath] {
        field.split(separator: "|").map { FieldPath(String($0)) }
    }

    private init(_ text: String) {
        var words = text.split(separator: " ")
        if words.count == 3, words[1] == "->" {
            guard let transform = NameTransform(rawValue: String(words[2])) else {
                preconditionFailure("a field's transform is a known one, not \(words[2])")
            }
            self.transform = transform
            words.removeLast(2)
        }
        precondition(words.count == 1, "a field's alternative is one path: \(text)")
        var rest = words[0]
        if rest.hasPrefix("$.") {
            fromMsg = false
            rest = rest.dropFirst(2)
        }
        while !rest.isEmpty { rest = takeStep(rest) }
        precondition(!steps.isEmpty, "a path has a step: \(text)")
    }

    /// Takes the step at the start of `text` and returns what follows it.
    private mutating func takeStep(_ text: Substring) -> Substring {
        switch text.first {
        case ".":
            return text.dropFirst()
        case "[", "{":
            guard let end = text.firstIndex(where: { $0 == "]" || $0 == "}" }) else {
                preconditionFailure("a bracket in a path is closed: \(text)")
            }
            let inside = String(text[text.index(after: text.startIndex)..<end])
            steps.append(Step(text: inside, kind: Self.kind(of: inside, braced: text.first == "{")))
            return text[text.index(after: end)...]
        default:
            let end = text.firstIndex { ".[{".contains($0) } ?? text.endIndex
            steps.append(
                Step(text: String(text[..<end]), kind: UInt32(TALLYLOG_JSON_STEP_KEY)))
            return text[end...]
        }
    }

    private static func kind(of inside: String, braced: Bool) -> UInt32 {
        if braced {
            precondition(inside.isEmpty || inside == "keys", "braces hold nothing or keys")
            return inside.isEmpty
                ? UInt32(TALLYLOG_JSON_STEP_VALUES)
                : UInt32(TALLYLOG_JSON_STEP_KEYS)
        }
        precondition(inside.isEmpty || inside.contains("="), "brackets hold nothing or a condition")
        return inside.isEmpty
            ? UInt32(TALLYLOG_JSON_STEP_ELEMENTS)
            : UInt32(TALLYLOG_JSON_STEP_WHERE)
    }
}
