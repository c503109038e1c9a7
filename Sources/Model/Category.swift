/// The category of a topic: its 4th dot token, the 3rd where the topic has `VirtualTopic` in it,
/// else `Unclassified` (also where that token is empty).
public enum Category {
    /// The category of topics that have too few tokens.
    public static let unclassified = "Unclassified"

    /// - Parameter topic: a full topic such as `org.example.prod.git.receive`.
    public static func of(topic: String) -> String {
        let wanted = place(in: topic)
        let tokens = topic.split(separator: ".", omittingEmptySubsequences: false)
        guard tokens.count > wanted, !tokens[wanted].isEmpty else { return unclassified }
        return String(tokens[wanted])
    }

    /// Which token of a topic is its category, the first being 0.
    package static func place(in topic: String) -> Int { topic.contains("VirtualTopic") ? 2 : 3 }
}
