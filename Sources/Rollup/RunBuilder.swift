import Model

/// Computes the rows of a slice of messages. Every kind from its finest columns, sorted, and the
/// coarser kinds from the finer ones' cells; no counter is ever looked up.
struct RunBuilder {
    let rows: RollupRows
    let slice: Range<Int>
    /// Rows' positions that count, that is, without control records.
    private let userNames: Int
    private let packageNames: Int

    /// Past so many names of one dimension, a slice is built in two halves.
    private static let sliceNamesMax = 1 << 20
    /// At this size ids and times fit a sort key by rank, whatever they are.
    private static let rankedNamesMax = 1 << 16

    init(_ rows: RollupRows, _ slice: Range<Int>) {
        self.rows = rows
        self.slice = slice
        userNames = Int(rows.userOffsets[slice.upperBound] - rows.userOffsets[slice.lowerBound])
        packageNames = Int(
            rows.packageOffsets[slice.upperBound] - rows.packageOffsets[slice.lowerBound])
    }

    private var largestColumn: Int { max(slice.count, userNames, packageNames) }

    /// The rows as one or more piles that are to be merged.
    func build(into piles: (consuming RowPile) -> Void) {
        if largestColumn > Self.sliceNamesMax && slice.count > 1 {
            return buildHalves(into: piles)
        }
        var minutes = Scratch<Int64>(capacity: slice.count)
        var largestTopic: UInt32 = 0
        for message in slice where rows.topics[message] != 0 {
            let time = Timestamp(microseconds: rows.times[message])
            minutes.append(Granularity.minute.bucket(of: time))
            largestTopic = max(largestTopic, rows.topics[message])
        }
        if minutes.count == 0 { return }
        var hours = Scratch<Int64>(capacity: minutes.count)
        for index in 0..<minutes.count {
            hours.append(unsafe minutes.start[index].floorDivided(by: 60))
        }
        let minuteIndex = BucketIndex(minutes)
        let hourIndex = BucketIndex(hours)
        var topics = LocalIDs(largest: largestTopic)
        var users = LocalIDs(largest: largest(rows.userIDs, rows.userOffsets))
        var packages = LocalIDs(largest: largest(rows.packageIDs, rows.packageOffsets))
        if !fits(topics, users, packages, minuteIndex, hourIndex) {
            if largestColumn > Self.rankedNamesMax && slice.count > 1 {
                return buildHalves(into: piles)
            }
            topics = LocalIDs(ranking: slice.lazy.map { rows.topics[$0] })
            users = LocalIDs(ranking: rows.userIDs[range(rows.userOffsets)])
            packages = LocalIDs(ranking: rows.packageIDs[range(rows.packageOffsets)])
        }
        var writer = RowWriter()
        buildTopics(&writer, minutes, minuteIndex, hourIndex, topics)
        buildMembers(
            &writer, .users, columns: (rows.userOffsets, rows.userIDs), hours, hourIndex, topics,
            users)
        buildMembers(
            &writer, .packages, columns: (rows.packageOffsets, rows.packageIDs), hours, hourIndex,
            topics, packages)
        piles(writer.pile)
    }

    private func buildHalves(into piles: (consuming RowPile) -> Void) {
        let middle = (slice.lowerBound + slice.upperBound) / 2
        RunBuilder(rows, slice.lowerBound..<middle).build(into: piles)
        RunBuilder(rows, middle..<slice.upperBound).build(into: piles)
    }

    private func range(_ offsets: [UInt32]) -> Range<Int> {
        Int(offsets[slice.lowerBound])..<Int(offsets[slice.upperBound])
    }

    private func largest(_ ids: [UInt32], _ offsets: [UInt32]) -> UInt32 {
        ids[range(offsets)].max() ?? 0
    }

    /// Whether every kind's cells fit a sort key with the ids as they are.
    private func fits(
        _ topics: borrowing LocalIDs, _ users: borrowing LocalIDs,
        _ packages: borrowing LocalIDs, _ minutes: BucketIndex,
        _ hours: BucketIndex
    ) -> Bool {
        let chunkBits =
            Int.bitWidth
            - min(minutes.values.count, hours.values.count)
            .leadingZeroBitCount
        return chunkBits + 11 + topics.bits + max(users.bits, packages.bits) <= 64
    }

    /// The series of topics and of all, and all -> topics.
    private func buildTopics(
        _ writer: inout RowWriter, _ minutes: borrowing Scratch<Int64>,
        _ minuteIndex: BucketIndex, _ hourIndex: BucketIndex,
        _ topics: borrowing LocalIDs
    ) {
        let none = LocalIDs(largest: 0)
        var cells = CellColumns(capacity: minutes.count)
        var perMinute = [UInt32](repeating: 0, count: minuteIndex.values.count)
        var place = 0
        for message in slice where rows.topics[message] != 0 {
            let time = unsafe minuteIndex.index(atOrAfter: minutes.start[place])
            place += 1
            perMinute[Int(time)] += 1
            cells.append(
                time: time, group: topics.local(rows.topics[message]), member: 0, count: 1)
        }
        var all = CellColumns(capacity: min(perMinute.count, place))
        for (time, count) in perMinute.enumerated() where count > 0 {
            all.append(time: UInt32(time), group: 0, member: 0, count: count)
        }
        for kind in [RowKind.topicMinute, .topicHour, .topicDay] {
            let layout = writer.begin(
                kind, buckets: kind == .topicMinute ? minuteIndex : hourIndex,
                groupBits: topics.bits, memberBits: 0, largest: max(cells.largest, all.largest))
            writer.load(cells, group: .group, member: .none, layout)
            writer.load(all, group: .none, member: .none, layout)
            var coarser = CoarserCells(kind == .topicDay ? .nothing : .everything, hourIndex)
            writer.finish(layout, groups: topics, members: none, coarser: &coarser)
            if kind != .topicDay {
                swap(&cells, &coarser.groups)
                swap(&all, &coarser.all)
            }
        }
        var nothing = CoarserCells(.nothing, hourIndex)
        for kind in [RowKind.allTopicHour, .allTopicDay] {
            let layout = writer.begin(
                kind, buckets: hourIndex, groupBits: 0, memberBits: topics.bits,
                largest: cells.largest)
            writer.load(cells, group: .none, member: .group, layout)
            writer.finish(layout, groups: none, members: topics, coarser: &nothing)
        }
    }

    /// The kinds of a dimension whose names a message may have any number of.
    private struct MemberKinds {
        let hour: RowKind
        let day: RowKind
        let history: RowKind
        let series: RowKind

        static let users = Self(
            hour: .topicUserHour, day: .topicUserDay, history: .userTopic, series: .userDay)
        static let packages = Self(
            hour: .topicPackageHour, day: .topicPackageDay, history: .packageTopic,
            series: .packageDay)
    }

    /// Topic -> members and all -> members, the members' histories and their series.
    private func buildMembers(
        _ writer: inout RowWriter, _ kinds: MemberKinds,
        columns: (offsets: [UInt32], ids: [UInt32]),
        _ hours: borrowing Scratch<Int64>, _ hourIndex: BucketIndex,
        _ topics: borrowing LocalIDs, _ members: borrowing LocalIDs
    ) {
        var cells = CellColumns(capacity: range(columns.offsets).count)
        var place = 0
        for message in slice where rows.topics[message] != 0 {
            let names = Int(columns.offsets[message])..<Int(columns.offsets[message + 1])
            if !names.isEmpty {
                let time = unsafe hourIndex.index(atOrAfter: hours.start[place])
                let topic = topics.local(rows.topics[message])
                for name in names {
                    cells.append(
                        time: time, group: topic, member: members.local(columns.ids[name]),
                        count: 1)
                }
            }
            place += 1
        }
        if cells.count == 0 { return }

        let none = LocalIDs(largest: 0)
        var layout = writer.begin(
            kinds.hour, buckets: hourIndex, groupBits: topics.bits, memberBits: members.bits,
            largest: 1)
        writer.load(cells, group: .group, member: .member, layout)
        writer.load(cells, group: .none, member: .member, layout)
        var hourly = CoarserCells(.everything, hourIndex, capacity: cells.count)
        writer.finish(layout, groups: topics, members: members, coarser: &hourly)

        layout = writer.begin(
            kinds.day, buckets: hourIndex, groupBits: topics.bits, memberBits: members.bits,
            largest: max(hourly.groups.largest, hourly.all.largest))
        writer.load(hourly.groups, group: .group, member: .member, layout)
        writer.load(hourly.all, group: .none, member: .member, layout)
        var daily = CoarserCells(.onlyAll, hourIndex, capacity: hourly.all.count)
        writer.finish(layout, groups: topics, members: members, coarser: &daily)

        var nothing = CoarserCells(.nothing, hourIndex)
        layout = writer.begin(
            kinds.history, buckets: hourIndex, groupBits: members.bits, memberBits: topics.bits,
            largest: hourly.groups.largest)
        writer.load(hourly.groups, group: .member, member: .group, layout)
        writer.finish(layout, groups: members, members: topics, coarser: &nothing)

        layout = writer.begin(
            kinds.series, buckets: hourIndex, groupBits: members.bits, memberBits: 0,
            largest: daily.all.largest)
        writer.load(daily.all, group: .member, member: .none, layout)
        writer.finish(layout, groups: members, members: none, coarser: &nothing)
    }
}
