import Model

/// A pattern of topics, compared with a topic's tokens from its category on (`git.receive` is
/// `org.fedoraproject.prod.git.receive`); `*` stands for one token, a last `**` for any number,
/// none included.
package struct TopicPattern: Hashable, Sendable {
    private let tokens: [String]

    /// What a pattern may be, for errors.
    package static let accepted =
        "a topic's tokens from its category on, * for one, and ** for any number at the end"

    /// Nil where the text is no pattern.
    package init?(_ text: String) {
        let tokens = text.split(separator: ".", omittingEmptySubsequences: false)
        for (place, token) in tokens.enumerated() {
            let isStar = token == "*" || (token == "**" && place == tokens.count - 1)
            if token.isEmpty || (token.contains("*") && !isStar) { return nil }
        }
        self.tokens = tokens.map(String.init)
    }

    /// What patterns are compared with.
    static func tokens(of topic: String) -> ArraySlice<Substring> {
        topic.split(separator: ".", omittingEmptySubsequences: false)
            .dropFirst(Category.place(in: Array(topic.utf8)))
    }

    /// Whether a whole topic is meant.
    package func matches(_ topic: String) -> Bool { matches(Self.tokens(of: topic)) }

    func matches(_ topic: ArraySlice<Substring>) -> Bool {
        var rest = topic
        for (place, word) in tokens.enumerated() {
            if word == "**", place == tokens.count - 1 { return true }
            guard let token = rest.popFirst(), word == "*" || word == token else { return false }
        }
        return rest.isEmpty
    }
}
