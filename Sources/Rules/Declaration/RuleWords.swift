import Model

/// The words of rules: names, dimensions, and widths of time.
package enum RuleWords {
    /// The name of the number of messages, among the aggregates.
    package static let count = "count"
    /// How the group of all that is past the limit is called, in the place of every key's value.
    package static let others = "(others)"

    /// What requests write for something else, so that no key or aggregate may be called so.
    package static let reserved: Set<String> = [
        "not", "from", "to", "last", "tz", "distinct", "by", "level", "step", "origin", "fill",
        "except", "prefix", "new", "contains", "order", "limit", "after", "quantile", "wait", "at",
        "rule",
    ]

    static let acceptedName = "up to \(Limits.ruleNameBytesMax) lower-case letters, digits, - and _"

    static func isName(_ text: String) -> Bool {
        let bytes = text.utf8
        return (1...Limits.ruleNameBytesMax).contains(bytes.count)
            && bytes.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    /// The dimensions that rules may name, in the order of their codes.
    static let dimensions: [Dimension] = [
        .topic, .category, .user, .package, .agent, .object, .signature,
    ]

    static let acceptedDimensions = dimensions.compactMap(\.word).joined(separator: ", ")

    /// The keys for names that messages must have: `users` and so on.
    static func plural(_ dimension: Dimension) -> String {
        dimension == .category ? "categories" : (dimension.word ?? "") + "s"
    }

    static let acceptedWidth = "a whole number and s, m, h or d, as in 15s or 1h"

    private static let units: [(letter: Character, seconds: Int64)] = [
        ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1),
    ]

    /// The seconds of a length of time; nil where the text is none.
    static func seconds(_ text: String) -> Int64? {
        guard let last = text.last, let unit = units.first(where: { $0.letter == last }),
            text.dropLast().allSatisfy({ $0.isASCII && $0.isNumber }),
            let count = Int64(text.dropLast()), (1...Limits.ruleWidthSecondsMax).contains(count)
        else { return nil }
        return count * unit.seconds
    }

    /// A length of time in the largest unit that has it whole.
    package static func text(ofSeconds seconds: Int64) -> String {
        for unit in units where seconds % unit.seconds == 0 {
            return "\(seconds / unit.seconds)\(unit.letter)"
        }
        return "\(seconds)s"
    }
}
