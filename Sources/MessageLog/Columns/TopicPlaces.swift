import Model

/// Positions of a block's rows in an archive, as they follow from their topics: an archive has
/// topic after topic, each by sequence, so that among a block's rows those of one topic have places
/// one behind the other. What is stored is where the first row of each topic stands, topics
/// ascending.
enum TopicPlaces {
    /// - Returns: nil where positions do not follow so.
    static func firsts(topics: [UInt32], positions: [UInt64]) -> [UInt64]? {
        var next: [UInt32: UInt64] = [:]
        var firsts: [(topic: UInt32, position: UInt64)] = []
        for (topic, position) in zip(topics, positions) {
            if let expected = next[topic] {
                guard position == expected else { return nil }
            } else {
                firsts.append((topic, position))
            }
            next[topic] = position &+ 1
        }
        return firsts.sorted { $0.topic < $1.topic }.map(\.position)
    }

    /// The positions of all rows.
    /// - Parameters:
    ///   - names: no topic is greater.
    ///   - firsts: one for each topic that any of the rows has; any other number gives nil.
    static func positions(topics: [UInt32], names: Int, firsts: [UInt64]) -> [UInt64]? {
        var next = [UInt64](repeating: .max, count: names + 1)
        for topic in topics { next[Int(topic)] = 0 }
        var met = 0
        for topic in next.indices where next[topic] == 0 {
            guard met < firsts.count else { return nil }
            next[topic] = firsts[met]
            met += 1
        }
        guard met == firsts.count else { return nil }
        return topics.map { topic in
            let position = next[Int(topic)]
            next[Int(topic)] = position &+ 1
            return position
        }
    }
}
