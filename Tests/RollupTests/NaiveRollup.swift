import Model
import Rollup
import TestSupport

/// One message as the reference sees it.
struct PlainMessage {
    var time: Int64
    /// 0 in a control record.
    var topic: UInt32
    var users: [UInt32]
    var packages: [UInt32]

    var hour: Int64 { Timestamp(microseconds: time).seconds.floorDivided(by: 3_600) }
}

/// The reference: keeps every message and counts by looking at all of them.
struct NaiveRollup {
    var messages: [PlainMessage] = []

    func series(_ group: SeriesGroup, _ granularity: Granularity, _ buckets: Range<Int64>)
        -> [UInt64]
    {
        var counts = [UInt64](repeating: 0, count: buckets.count)
        for message in messages where message.topic != 0 && Self.matches(message, group) {
            let bucket = granularity.bucket(of: Timestamp(microseconds: message.time))
            if buckets.contains(bucket) { counts[Int(bucket - buckets.lowerBound)] += 1 }
        }
        return counts
    }

    func tally(_ group: TallyGroup, of member: TallyMember, hours: Range<Int64>)
        -> [UInt32: UInt64]
    {
        var counts: [UInt32: UInt64] = [:]
        for message in messages where message.topic != 0 && hours.contains(message.hour) {
            let concerned =
                switch group {
                case .all: true
                case .topic(let id): message.topic == id
                case .user(let id): message.users.contains(id)
                case .package(let id): message.packages.contains(id)
                }
            guard concerned else { continue }
            let ids =
                switch member {
                case .topic: [message.topic]
                case .user: message.users
                case .package: message.packages
                }
            for id in ids { counts[id, default: 0] += 1 }
        }
        return counts
    }

    private static func matches(_ message: PlainMessage, _ group: SeriesGroup) -> Bool {
        switch group {
        case .all: true
        case .topic(let id): message.topic == id
        case .user(let id): message.users.contains(id)
        case .package(let id): message.packages.contains(id)
        case .userTopic(let user, let topic):
            message.topic == topic && message.users.contains(user)
        case .packageTopic(let package, let topic):
            message.topic == topic && message.packages.contains(package)
        }
    }
}

/// Columns of some of a history's messages.
func rows(_ messages: ArraySlice<PlainMessage>) -> RollupRows {
    var rows = RollupRows(
        first: UInt64(messages.startIndex) + 1, last: UInt64(messages.endIndex))
    for message in messages {
        rows.append(
            time: message.time, topic: message.topic, users: message.users,
            packages: message.packages)
    }
    return rows
}

/// A random history: mostly in order, some late, some far away or before 1970, control records.
struct HistoryShape {
    var topics: UInt32 = 12
    var users: UInt32 = 40
    var packages: UInt32 = 9
    var days: Int64 = 3
    var startDay: Int64 = 20_480
    /// Multiplies every id, so that ids lie far apart and are wide.
    var idStep: UInt32 = 1
    var farTimes = true

    func make(_ count: Int, _ random: inout SeededGenerator) -> NaiveRollup {
        var naive = NaiveRollup()
        let span = days * 86_400_000_000
        for index in 0..<count {
            var time = startDay * 86_400_000_000 + span * Int64(index) / Int64(count)
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<8: time -= Int64.random(in: 0..<span, using: &random)
            case 8 where farTimes:
                time = Int64.random(in: -(1 << 60)..<1 << 60, using: &random)
            case 9..<12 where farTimes:
                time = -Int64.random(in: 0..<4 * 86_400_000_000, using: &random)
            default: break
            }
            func names(_ most: UInt32) -> [UInt32] {
                let wanted = Int.random(in: 0..<4, using: &random)
                var ids: Set<UInt32> = []
                for _ in 0..<wanted {
                    let id = UInt32.random(in: 1...most, using: &random)
                    ids.insert(min(id, UInt32.random(in: 1...most, using: &random)) * idStep)
                }
                return ids.shuffled(using: &random)
            }
            let control = Int.random(in: 0..<50, using: &random) == 0
            let topic = UInt32.random(in: 1...topics, using: &random)
            naive.messages.append(
                PlainMessage(
                    time: time, topic: control ? 0 : topic * idStep,
                    users: control ? [] : names(users), packages: control ? [] : names(packages)))
        }
        return naive
    }
}
