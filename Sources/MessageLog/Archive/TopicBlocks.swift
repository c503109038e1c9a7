import Model

/// For the topics whose payloads were read last, their texts and the blocks in which those stand:
/// messages of a topic are neighbours in an archive, whatever stands between them in the log.
/// For one thread.
struct TopicBlocks {
    private struct Place {
        var topic: UInt32
        var text: [UInt8]
        /// The block, once there is one, and the position of its first message.
        var block: CutText?
        var first = 0
    }

    private let segment: Segment
    private let archive: ArchiveFile
    /// One until there are two topics; then a topic's place follows from its local id.
    private var places: [Place] = []

    init(_ segment: Segment, _ archive: ArchiveFile) {
        self.segment = segment
        self.archive = archive
    }

    /// Appends a payload.
    /// - Parameters:
    ///   - position: the payload's in the archive.
    ///   - topic: the message's, by its local id; 0 where it has none.
    ///   - known: what else its row says. It is given the topic.
    ///   - sequence: the message's, for the report of damage.
    /// - Throws: `.io`, `.damaged`.
    mutating func append(
        _ position: Int, _ topic: UInt32, _ known: inout KnownValues, sequence: UInt64,
        to payload: inout [UInt8]
    ) throws(LogError) {
        let place = enter(topic)
        known.topic = places[place].text
        if let block = places[place].block, position >= places[place].first,
            position - places[place].first < block.count
        {
            return block.append(position - places[place].first, known, to: &payload)
        }
        let archive = archive
        let found = try archive.messages(at: position, of: sequence) {
            (block) throws(LogError) in try Self.text(of: archive, block)
        }
        found.text.append(position - found.first, known, to: &payload)
        // The block of one long message has no other.
        guard found.text.byteCount <= BlockCache.textBytesMax else { return }
        (places[place].block, places[place].first) = (found.text, found.first)
    }

    private static func text(
        of archive: ArchiveFile, _ block: Int
    ) throws(LogError) -> CutText {
        if let held = BlockCache.shared.text(archive.number, block) { return held }
        let text = try archive.text(ofBlock: block)
        BlockCache.shared.keep(text, archive.number, block)
        return text
    }

    /// Makes a topic the one that has its place.
    /// - Returns: the place.
    @inline(__always)
    private mutating func enter(_ topic: UInt32) -> Int {
        let place = places.count < 2 ? 0 : Int(topic) % places.count
        if places.isEmpty || places[place].topic != topic { return enter(new: topic) }
        return place
    }

    private mutating func enter(new topic: UInt32) -> Int {
        let columns = segment.columns
        if places.count == 1 {
            let topics = columns.names.count(of: .topic) + 1
            let nobody = Place(topic: .max, text: [])
            places = Array(repeating: nobody, count: min(topics, Limits.topicBlocksMax))
        }
        let damage = columns.damageNoted
        let text = topic > 0 ? columns.names.text(of: .topic, topic) : []
        // Damage is noted again by whoever reads the text again.
        let isWhole = columns.damageNoted == damage
        let entered = Place(topic: isWhole ? topic : .max, text: text)
        if places.isEmpty { places.append(entered) }
        let place = Int(topic) % places.count
        places[place] = entered
        return place
    }
}
