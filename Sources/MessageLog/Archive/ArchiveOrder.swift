import Model

/// The order of rows in an archive: clustered by topic, then by sequence.
struct ArchiveOrder {
    /// By place: the row whose payload stands there.
    let rowAt: [UInt32]
    /// By row: its place.
    let placeOf: [UInt32]

    /// Reads every column of every block.
    /// - Parameter topics: the merged ids of the topics, in the order of their texts.
    init(_ sources: MergedSources, topics: [UInt32]) {
        let all = 0..<sources.rows
        var next = [UInt32](repeating: 0, count: topics.count + 1)
        sources.forEachPart(of: all, .all) { block, part, ids in
            let merged = ids.ids(of: .topic)
            for topic in block.topics[part] { next[Int(merged[Int(topic)])] += 1 }
        }
        // What is no message stands in front.
        var start: UInt32 = 0
        for topic in [0] + topics {
            let count = next[Int(topic)]
            next[Int(topic)] = start
            start += count
        }
        var rowAt = [UInt32](repeating: 0, count: all.count)
        var placeOf = rowAt
        var row = 0
        sources.forEachPart(of: all, .topics) { block, part, ids in
            let merged = ids.ids(of: .topic)
            for topic in block.topics[part] {
                let topic = Int(merged[Int(topic)])
                placeOf[row] = next[topic]
                rowAt[Int(next[topic])] = UInt32(row)
                next[topic] += 1
                row += 1
            }
        }
        self.rowAt = rowAt
        self.placeOf = placeOf
    }
}
