import Foundation
import Model
import Rollup

/// Messages as columns, ids from 1, 0 = none.
struct SpikeData {
    var times: [Int64] = []
    var topics: [UInt16] = []
    var firstUsers: [UInt16] = []
    var secondUsers: [UInt16] = []
    static let topicCount = 300
    static let userCount = 5_000
    static let packageCount = 80
    static let startHour: Int64 = 1_767_225_600 / 3_600

    var count: Int { times.count }

    /// A deterministic package for nine of ten messages.
    static func package(_ index: Int) -> UInt32 {
        var hash = UInt64(index) &* 0x9E37_79B9_7F4A_7C15
        hash ^= hash >> 29
        hash = hash &* 0xBF58_476D_1CE4_E5B9
        hash ^= hash >> 32
        return hash % 10 == 0 ? 0 : UInt32(hash / 10 % UInt64(packageCount)) + 1
    }

    /// Reads `idx.bin` of the shared generator.
    static func load(_ path: String) throws -> SpikeData {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        var data = SpikeData()
        bytes.withUnsafeBytes { raw in
            for offset in stride(from: 0, to: raw.count, by: 16) {
                let seconds = raw.loadUnaligned(fromByteOffset: offset, as: Double.self)
                data.times.append(Int64((seconds * 1_000_000).rounded()))
                data.topics.append(raw.loadUnaligned(fromByteOffset: offset + 8, as: UInt16.self))
                data.firstUsers.append(
                    raw.loadUnaligned(fromByteOffset: offset + 10, as: UInt16.self))
                data.secondUsers.append(
                    raw.loadUnaligned(fromByteOffset: offset + 12, as: UInt16.self))
            }
        }
        return data
    }

    /// The same shape at any size: zipf 1.05, half of the users' traffic shifted per topic.
    static func generate(_ count: Int) -> SpikeData {
        var data = SpikeData()
        var random = SplitMix(state: 20_260_101)
        let topics = zipf(topicCount)
        let users = zipf(userCount)
        func user(_ topic: Int) -> Int {
            let drawn = users[Int(random.next() >> 46)]
            return (random.next() & 1 == 0 ? (drawn + topic * 37) % userCount : drawn) + 1
        }
        let span = 30.0 * 86_400_000_000
        for index in 0..<count {
            let jitter = Double(random.next() >> 11) / Double(1 << 53)
            data.times.append(
                startHour * 3_600_000_000 + Int64((Double(index) + jitter) / Double(count) * span))
            let topic = topics[Int(random.next() >> 46)]
            data.topics.append(UInt16(topic + 1))
            let draw = random.next() % 100
            let first = user(topic)
            let second = user(topic)
            data.firstUsers.append(draw < 20 ? 0 : UInt16(first))
            data.secondUsers.append(draw < 95 || second == first ? 0 : UInt16(second))
        }
        return data
    }

    /// 2^18 quantiles of a zipf distribution.
    private static func zipf(_ count: Int) -> [Int] {
        let weights = (1...count).map { 1 / pow(Double($0), 1.05) }
        let total = weights.reduce(0, +)
        var table: [Int] = []
        var sum = 0.0
        for (index, weight) in weights.enumerated() {
            sum += weight
            let end = Int((sum / total * Double(1 << 18)).rounded())
            while table.count < end { table.append(index) }
        }
        while table.count < 1 << 18 { table.append(count - 1) }
        return table
    }

    mutating func shuffle() {
        var random = SplitMix(state: 7)
        for index in stride(from: count - 1, to: 0, by: -1) {
            let other = Int(random.next() % UInt64(index + 1))
            times.swapAt(index, other)
            topics.swapAt(index, other)
            firstUsers.swapAt(index, other)
            secondUsers.swapAt(index, other)
        }
    }

    /// Columns of a range of messages.
    func rows(_ range: Range<Int>) -> RollupRows {
        var rows = RollupRows(first: UInt64(range.lowerBound) + 1, last: UInt64(range.upperBound))
        rows.times = Array(times[range])
        rows.topics = topics[range].map(UInt32.init)
        for index in range {
            for user in [firstUsers[index], secondUsers[index]] where user != 0 {
                rows.userIDs.append(UInt32(user))
            }
            rows.userOffsets.append(UInt32(rows.userIDs.count))
            let package = Self.package(index)
            if package != 0 { rows.packageIDs.append(package) }
            rows.packageOffsets.append(UInt32(rows.packageIDs.count))
        }
        return rows
    }
}

struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
