import Model
import TestSupport
import Testing

@testable import Rollup

// A kind of row could be computed from the wrong columns, cut at the wrong chunk or order ids or
// times wrongly where they are wide or negative; merging runs could give other rows than building
// them at once.
@Suite struct RunTests {
    static func dump(_ run: Run) -> [[UInt8]] {
        RowKind.allCases.flatMap { kind in
            run.entries(of: kind).map { entry in
                RowKey(kind: kind, place: run.place(of: entry)).encoded + Array(run.row(of: entry))
            }
        }
    }

    private static let shapes = [
        HistoryShape(),
        HistoryShape(topics: 3, users: 400, packages: 300, days: 800, farTimes: false),
        HistoryShape(topics: 400, users: 400, packages: 400, idStep: 10_000_001),
        HistoryShape(topics: 5, users: 5, packages: 5, days: 1, startDay: -1, farTimes: false),
    ]

    @Test(arguments: 0..<4, 1...4) func mergedRunsAreTheRunBuiltAtOnce(shape: Int, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let naive = Self.shapes[shape].make(
            [1, 40, 900, 6_000][Int(seed) - 1], &random)
        let whole = Run.build(rows(naive.messages[...]))
        var parts: [Run] = []
        var start = 0
        while start < naive.messages.count {
            let end = min(
                start + Int.random(in: 1...naive.messages.count / 3 + 1, using: &random),
                naive.messages.count)
            parts.append(Run.build(rows(naive.messages[start..<end])))
            start = end
        }
        let merged = Run.merge(parts)
        #expect(Self.dump(whole) == Self.dump(merged), "shape \(shape) seed \(seed)")
        #expect(Self.dump(whole).count == Set(Self.dump(whole).map { $0.prefix(9) }).count)
        #expect(whole.messages == naive.messages.count { $0.topic != 0 })
        #expect(merged.sequences == 1...UInt64(naive.messages.count))
        let keys = Self.dump(whole).map { Array($0.prefix(9)) }
        #expect(keys == keys.sorted { $0.lexicographicallyPrecedes($1) })
    }

    /// Of so many topics, users and months that no cell fits a sort key as it is: the slice is
    /// built in halves and by ranks, and a count without room is packed as often as it says.
    @Test func wideSlicesAreBuiltInHalves() {
        let month: Int64 = 31 * 86_400_000_000
        var messages = (0..<66_000).map { number in
            PlainMessage(
                time: Int64(number - 33_000) * month, topic: UInt32(number) * 60_013 + 1,
                users: [UInt32(number) * 50_021 + 1], packages: [])
        }
        messages += Array(repeating: messages[5], count: 300)
        let parts = stride(from: 0, to: messages.count, by: 3_000).map { start in
            Run.build(rows(messages[start..<min(start + 3_000, messages.count)]))
        }
        let whole = Run.build(rows(messages[...]))
        #expect(whole.messages == messages.count)
        #expect(Self.dump(whole) == Self.dump(Run.merge(parts)))
    }

    @Test(arguments: 0..<4, 1...3)
    func viewsOfRunsAnswerAsCountingDoes(shape: Int, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let naive = Self.shapes[shape].make(2_000, &random)
        let names = NameTable()
        // The ids of wide shapes have no names: only series are asked of those.
        if Self.shapes[shape].idStep == 1 {
            ViewChecks.intern(Self.shapes[shape], names)
        }
        let middle = Int.random(in: 1..<2_000, using: &random)
        let view = RollupView(
            runs: [
                Run.build(rows(naive.messages[..<middle])),
                Run.build(rows(naive.messages[middle...])),
            ], names: names)
        try ViewChecks.check(
            view, naive, Self.shapes[shape], &random, "shape \(shape) seed \(seed)")
    }
}

/// Compares a view's answers with the reference's.
enum ViewChecks {
    static func intern(_ shape: HistoryShape, _ names: NameTable) {
        for id in 1...shape.topics {
            names.intern(.topic, Array("org.x.prod.a\(id % 5).\(id)".utf8))
        }
        for id in 1...shape.users { names.intern(.user, Array("user\(id)".utf8)) }
        for id in 1...shape.packages { names.intern(.package, Array("package\(id)".utf8)) }
    }

    static func check(
        _ view: borrowing RollupView, _ naive: NaiveRollup, _ shape: HistoryShape,
        _ random: inout SeededGenerator, _ note: String
    ) throws {
        func id(_ most: UInt32, _ random: inout SeededGenerator) -> UInt32 {
            UInt32.random(in: 1...most, using: &random) * shape.idStep
        }
        for _ in 0..<16 {
            let topic = id(shape.topics, &random)
            let user = id(shape.users, &random)
            let package = id(shape.packages, &random)
            // Around a message, so that late and early times are asked for too.
            let hour = naive.messages.randomElement(using: &random)!.hour
            let first = hour - Int64.random(in: 0...60, using: &random)
            let hours = first..<first + Int64.random(in: 0...1_000, using: &random)
            for granularity in Granularity.allCases {
                let unit = granularity.seconds
                let low = (hours.lowerBound * 3_600).floorDivided(by: unit)
                let high = low + min(hours.upperBound * 3_600 / unit - low, 3_000)
                let buckets = low..<max(low, high)
                var groups: [SeriesGroup] = [.all, .topic(topic)]
                if granularity != .minute {
                    groups += [
                        .user(user), .package(package), .userTopic(user: user, topic: topic),
                        .packageTopic(package: package, topic: topic),
                    ]
                }
                for group in groups {
                    let place = random.below(3)
                    var counts = [Int64](repeating: 7, count: place + buckets.count + 1)
                    try view.addSeries(
                        group, granularity, buckets: buckets, into: &counts, at: place)
                    let expected = naive.series(group, granularity, buckets).map { Int64($0) + 7 }
                    #expect(
                        counts == Array(repeating: 7, count: place) + expected + [7],
                        "\(note) \(group) \(granularity) \(buckets)")
                    if granularity == .hour {
                        let sum = expected.reduce(0) { $0 + $1 - 7 }
                        #expect(
                            try view.count(group, hours: buckets) == UInt64(sum),
                            "\(note) count \(group) \(buckets)")
                    }
                }
            }
            if shape.idStep == 1 {
                try checkTallies(view, naive, (topic, user, package), hours, &random, note)
            }
        }
    }

    private static func checkTallies(
        _ view: borrowing RollupView, _ naive: NaiveRollup,
        _ ids: (topic: UInt32, user: UInt32, package: UInt32), _ hours: Range<Int64>,
        _ random: inout SeededGenerator, _ note: String
    ) throws {
        let asked: [(TallyGroup, TallyMember)] = [
            (.all, .topic), (.all, .user), (.all, .package), (.topic(ids.topic), .user),
            (.topic(ids.topic), .package), (.user(ids.user), .topic),
            (.package(ids.package), .topic),
        ]
        for (group, member) in asked {
            // Its sums are those that the one before has given back.
            var accumulator = Accumulator()
            try view.addTally(group, of: member, hours: hours, into: &accumulator)
            let expected = naive.tally(group, of: member, hours: hours)
            var found: [UInt32: UInt64] = [:]
            var repeated = false
            accumulator.forEach { id, count in
                repeated = found.updateValue(count, forKey: id) != nil || repeated
            }
            #expect(found == expected && !repeated, "\(note) \(group) \(member) \(hours)")
            let most = [1, 3, 10, 100].randomElement(using: &random)!
            let best = accumulator.top(most) { $0 < $1 }
            let sorted = expected.sorted {
                $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key
            }
            #expect(best.map(\.id) == sorted.prefix(most).map(\.key), "\(note) top")
            #expect(
                try view.estimatedEntries(group, of: member, hours: hours) >= expected.count)
            // A second range on top of the first.
            let later = hours.upperBound..<hours.upperBound + 30
            try view.addTally(group, of: member, hours: later, into: &accumulator)
            let both = expected.merging(
                naive.tally(group, of: member, hours: later), uniquingKeysWith: +)
            found = [:]
            accumulator.forEach { found[$0, default: 0] += $1 }
            #expect(found == both, "\(note) \(group) \(member) \(hours) and \(later)")
        }
    }
}
