import Model

/// Columns of consecutive messages in log order: what the rollups are computed from.
///
/// Ids are those of the `NameTable`, dense from 1 per dimension. The names of message `m` in a
/// dimension stand at `offsets[m]..<offsets[m + 1]`, distinct within one message.
package struct RollupRows: Sendable {
    /// Microseconds since 1970, one a message.
    package var times: [Int64] = []
    /// The topic; 0 marks a control record, which counts nowhere.
    package var topics: [UInt32] = []
    /// One more than messages, from 0 up.
    package var userOffsets: [UInt32] = [0]
    package var userIDs: [UInt32] = []
    /// One more than messages, from 0 up.
    package var packageOffsets: [UInt32] = [0]
    package var packageIDs: [UInt32] = []
    /// By dimension's code: how many names the table had once these messages' names were in it, as
    /// `NameTable.counts` gives it. Empty: the largest ids that stand in the columns.
    package var nameCounts: [UInt32] = []
    /// The sequences covered, both inclusive.
    package let first: UInt64
    package let last: UInt64

    /// - Parameter first: the first sequence; `last` is the last one, at least `first`.
    package init(first: UInt64, last: UInt64) {
        self.first = first
        self.last = last
    }

    /// Appends one message; a convenience where columns are not at hand.
    package mutating func append(
        time: Int64, topic: UInt32, users: [UInt32] = [], packages: [UInt32] = []
    ) {
        times.append(time)
        topics.append(topic)
        userIDs.append(contentsOf: users)
        userOffsets.append(UInt32(userIDs.count))
        packageIDs.append(contentsOf: packages)
        packageOffsets.append(UInt32(packageIDs.count))
    }

    /// By dimension's code: how many names are needed to read what these rows lead to.
    var neededNames: [UInt32] {
        if !nameCounts.isEmpty { return nameCounts }
        var needed = [UInt32](repeating: 0, count: Int(Dimension.package.code) + 1)
        needed[Int(Dimension.topic.code)] = topics.max() ?? 0
        needed[Int(Dimension.user.code)] = userIDs.max() ?? 0
        needed[Int(Dimension.package.code)] = packageIDs.max() ?? 0
        return needed
    }
}
