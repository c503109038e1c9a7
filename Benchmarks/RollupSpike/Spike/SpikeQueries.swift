import Foundation
import Model
import Rollup

/// The four reference queries: timed, and checked against counting all messages.
struct SpikeQueries {
    struct Query {
        var kind: Int
        var id: UInt32
        var hours: Range<Int64>
    }

    var queries: [Query] = []

    /// Reads the shared generator's queries.
    static func load(_ path: String) throws -> SpikeQueries {
        var all = SpikeQueries()
        for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
            let words = line.split(separator: " ").compactMap { Int64($0) }
            guard words.count == 4, words[0] <= 4 else { continue }
            all.add(Int(words[0]), UInt32(words[1]), words[2]..<max(words[2], words[3]))
        }
        return all
    }

    /// 300 of each, half of the ids popular.
    static func make() -> SpikeQueries {
        var all = SpikeQueries()
        var random = SplitMix(state: 11)
        func id(_ count: Int) -> UInt32 {
            let drawn = Int(random.next() % UInt64(count))
            return UInt32(random.next() & 1 == 0 ? drawn % 20 : drawn) + 1
        }
        for _ in 0..<300 {
            let first = SpikeData.startHour + Int64(random.next() % (23 * 24 + 1))
            all.add(1, id(SpikeData.topicCount), 0..<0)
            all.add(2, id(SpikeData.userCount), 0..<0)
            all.add(3, id(SpikeData.topicCount), first..<first + 168)
            all.add(4, 0, first..<first + 168)
        }
        return all
    }

    private mutating func add(_ kind: Int, _ id: UInt32, _ hours: Range<Int64>) {
        let month = SpikeData.startHour..<SpikeData.startHour + 720
        queries.append(Query(kind: kind, id: id, hours: kind <= 2 ? month : hours))
    }

    /// One query's answer, added up.
    private static func answer(
        _ query: Query, _ view: borrowing RollupView, _ names: NameTable,
        _ counts: inout [UInt64], _ accumulator: inout Accumulator
    ) throws(RollupError) -> [UInt64] {
        switch query.kind {
        case 1:
            for index in counts.indices { counts[index] = 0 }
            try view.addSeries(.topic(query.id), .hour, buckets: query.hours, into: &counts)
            return []
        case 2:
            for index in 0..<30 { counts[index] = 0 }
            let days = query.hours.lowerBound / 24..<query.hours.upperBound / 24
            try view.addSeries(.user(query.id), .day, buckets: days, into: &counts)
            return []
        default:
            accumulator.reset()
            let group: TallyGroup = query.kind == 3 ? .topic(query.id) : .all
            let member: TallyMember = query.kind == 3 ? .user : .topic
            try view.addTally(group, of: member, hours: query.hours, into: &accumulator)
            return accumulator.top(10) { names.precedes(member.dimension, $0, $1) }.map(\.count)
        }
    }

    func time(_ store: RollupStore, _ runs: [Run], _ title: String) throws {
        var accumulator = Accumulator()
        var counts = [UInt64](repeating: 0, count: 720)
        var line = title
        for kind in 1...4 {
            let asked = queries.filter { $0.kind == kind }
            var nanoseconds = [Double](repeating: .infinity, count: asked.count)
            var entries = 0
            for _ in 0..<5 {
                for (index, query) in asked.enumerated() {
                    let view = try RollupView(
                        store.beginRead(), runs: runs, names: store.names)
                    let start = ContinuousClock.now
                    let best = try Self.answer(query, view, store.names, &counts, &accumulator)
                    let took = ContinuousClock.now - start
                    entries &+= best.count
                    nanoseconds[index] = min(
                        nanoseconds[index], Double(took.components.attoseconds) / 1e9)
                }
            }
            nanoseconds.sort()
            let at = { (part: Double) in
                String(format: "%.1f", nanoseconds[Int(part * Double(asked.count - 1))] / 1_000)
            }
            line += " | Q\(kind) \(at(0.5))/\(at(0.99))"
        }
        print(line)
    }

    /// Compares some answers with counting; returns the first that differs.
    func check(_ data: SpikeData, _ store: RollupStore, _ runs: [Run]) throws -> String {
        let view = try RollupView(store.beginRead(), runs: runs, names: store.names)
        var accumulator = Accumulator()
        var counts = [UInt64](repeating: 0, count: 720)
        for kind in 1...4 {
            for query in queries.filter({ $0.kind == kind }).prefix(8) {
                for index in counts.indices { counts[index] = 0 }
                let best = try Self.answer(query, view, store.names, &counts, &accumulator)
                var expected = [UInt64](repeating: 0, count: 720)
                var tally = [UInt64](repeating: 0, count: SpikeData.userCount + 1)
                for index in 0..<data.count {
                    let hour = data.times[index] / 3_600_000_000
                    guard query.hours.contains(hour) else { continue }
                    let at = Int(hour - query.hours.lowerBound)
                    let users = [data.firstUsers[index], data.secondUsers[index]]
                    switch kind {
                    case 1 where UInt32(data.topics[index]) == query.id: expected[at] += 1
                    case 2 where users.contains(UInt16(query.id)): expected[at / 24] += 1
                    case 3 where UInt32(data.topics[index]) == query.id:
                        for user in users where user != 0 { tally[Int(user)] += 1 }
                    case 4: tally[Int(data.topics[index])] += 1
                    default: break
                    }
                }
                let top = tally.sorted(by: >).prefix(10).filter { $0 > 0 }
                let same = kind <= 2 ? counts == expected : best == Array(top)
                if !same { return "Q\(kind) of \(query.id) in \(query.hours) DIFFERS" }
            }
        }
        return "answers equal counting"
    }
}
