/// The category of a topic: its 4th dot token, the 3rd where the topic has `VirtualTopic` in it,
/// else `Unclassified` (also where that token is empty).
public enum Category {
    /// The category of topics that have too few tokens.
    public static let unclassified = "Unclassified"

    /// - Parameter topic: a full topic such as `org.example.prod.git.receive`.
    public static func of(topic: String) -> String {
        String(decoding: of(topic: Array(topic.utf8)), as: UTF8.self)
    }

    /// The same in UTF-8. A filter by category asks it of every topic there is.
    package static func of(topic: [UInt8]) -> [UInt8] {
        var start = 0
        for _ in 0..<place(in: topic) {
            guard let dot = topic[start...].firstIndex(of: dot) else {
                return Array(unclassified.utf8)
            }
            start = dot + 1
        }
        let token = topic[start...].prefix { $0 != dot }
        return token.isEmpty ? Array(unclassified.utf8) : Array(token)
    }

    /// Which token of a topic is its category, the first being 0.
    package static func place(in topic: [UInt8]) -> Int {
        topic.indices.contains { topic[$0...].starts(with: virtual) } ? 2 : 3
    }

    private static let dot = UInt8(ascii: ".")
    private static let virtual = Array("VirtualTopic".utf8)
}
