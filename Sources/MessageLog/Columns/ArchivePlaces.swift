import Model

/// Where payloads stand in an archive: topic after topic, each in the order of the log. So a row's
/// place follows from its topic's start and its rank in the topic's posting list. For one thread.
struct ArchivePlaces {
    private let file: ColumnsFile?
    private var starts: [UInt64] = []
    /// The topic that was asked for last, and its list once it is asked for again.
    private var topic: UInt32 = 0
    private var list: PostingCursor?

    /// - Parameter file: columns beside an archive; a view of memory has its own positions.
    init(_ file: ColumnsFile?) { self.file = file }

    /// - Parameter topic: the row's, by its local id.
    /// - Returns: nil where only the columns of the row's block tell.
    mutating func position(ofRow row: Int, topic: UInt32) -> UInt64? {
        guard let file else { preconditionFailure("only a columns file lies beside an archive") }
        let damage = file.notes.count
        defer {
            // Damage is noted again by whoever reads the same again.
            if file.notes.count != damage { self = ArchivePlaces(file) }
        }
        // What is no message is in no list.
        guard topic > 0, let rank = rank(ofRow: row, topic, file) else { return nil }
        return starts[Int(topic)] &+ UInt64(rank)
    }

    /// The same of a row that stands in its topic's list beside the one that was asked for last, as
    /// in listings of one topic: what its columns say of it need not be read.
    /// - Returns: nil of any other row.
    @inline(__always)
    mutating func place(besideLast row: Int) -> (topic: UInt32, position: UInt64)? {
        guard let rank = list?.rank(besideLast: row) else { return nil }
        return (topic, starts[Int(topic)] &+ UInt64(rank))
    }

    private mutating func rank(ofRow row: Int, _ topic: UInt32, _ file: ColumnsFile) -> Int? {
        if topic == self.topic, list != nil { return list?.rank(of: row) }
        if starts.isEmpty { starts = file.topicStarts }
        guard Int(topic) < starts.count, let names = file.dimension(.topic) else { return nil }
        let postings = names.postings(topic, rows: file.rows)
        guard topic == self.topic else {
            (self.topic, list) = (topic, nil)
            return postings.rank(of: row)
        }
        list = PostingCursor(postings, file)
        return list?.rank(of: row)
    }
}
