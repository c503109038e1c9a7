// What could go wrong: an aggregate depends on the order in which messages come, or loses something
// when it is written and read; sums drift as floating point does; an estimate is further off than
// is said; a number's text is taken for another number.
import Foundation
import Model
import Rules
import TestSupport
import Testing

@testable import Rules

@Suite struct AggregateTests {
    private let shapes: [AggregateState.Shape] = [
        .sum, .min, .max, .distinct, .quantiles, .latest(fields: 2),
    ]

    private func number(_ text: String) -> DecimalNumber? {
        Array(text.utf8).withUnsafeBytes { DecimalNumber($0) }
    }

    private func hash(_ text: String) -> UInt64 {
        Array(text.utf8).withUnsafeBytes { DistinctSketch.hash($0) }
    }

    private func one(_ value: Int, _ random: inout SeededGenerator) -> GroupState {
        var parts = shapes.map(\.nothing)
        let text = random.chance(50) ? "\(value)" : "\(value).\(random.below(1_000_000))"
        for place in 0..<3 { number(text).map { parts[place].add($0) } }
        number(text).map { parts[4].add($0) }
        var sketch = DistinctSketch()
        sketch.add(hash(text))
        parts[3] = .distinct(sketch)
        let texts: [[UInt8]?] = [Array(text.utf8), random.chance(50) ? nil : [65]]
        parts[5] = .latest(
            LatestEntry(
                .init(
                    time: Int64(random.below(50)), sequence: UInt64(random.below(1 << 30)),
                    texts: texts)))
        return GroupState(count: 1, parts: parts)
    }

    private func merged(_ states: [GroupState]) -> GroupState {
        var sum = GroupState(count: 0, parts: shapes.map(\.nothing))
        for state in states { sum.merge(state) }
        return sum
    }

    private func bytes(_ state: GroupState) -> [UInt8] {
        var bytes: [UInt8] = []
        state.encode(to: &bytes)
        return bytes
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func orderAndGroupingDoNotMatter(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        // Some are exact at the end, some are not, and some become so in the middle.
        let count = random.pick([1, 20, 400, 700, 1_500])
        var states = (0..<count).map { _ in one(random.below(2_000) - 500, &random) }
        let expected = bytes(merged(states))
        for _ in 0..<3 {
            states.shuffle(using: &random)
            var parts: [GroupState] = []
            var rest = states[...]
            while !rest.isEmpty {
                let part = rest.prefix(1 + random.below(300))
                rest = rest.dropFirst(part.count)
                // Written and read in between, as it is folded.
                let whole = bytes(merged(Array(part)))
                let read = try whole.withUnsafeBytes { bytes in
                    var reader = PackedReader(bytes)
                    return try GroupState(shapes, &reader)
                }
                parts.append(read)
            }
            parts.shuffle(using: &random)
            #expect(bytes(merged(parts)) == expected, "seed \(seed)")
        }
    }

    @Test func damageIsToldAndNeverCrashes() {
        var random = SeededGenerator(seed: 5)
        let whole = bytes(merged((0..<700).map { _ in one(random.below(900), &random) }))
        for _ in 0..<2_000 {
            var broken = whole
            if random.chance(50) { broken.removeLast(1 + random.below(broken.count)) }
            for _ in 0..<random.below(4) where !broken.isEmpty {
                broken[random.below(broken.count)] = UInt8(random.below(256))
            }
            broken.withUnsafeBytes { bytes in
                var reader = PackedReader(bytes)
                // What is read of damaged bytes may be anything; it is there, or an error.
                _ = try? GroupState(shapes, &reader)
            }
        }
    }

    @Test func sumsAreExactWhereFloatingPointIsNot() {
        var random = SeededGenerator(seed: 9)
        var sum = NumberSum()
        var expected = Decimal(0)
        for _ in 0..<20_000 {
            let digits = "\(random.below(10))".count + random.below(14)
            let whole = (0..<digits).map { _ in "\(random.below(10))" }.joined()
            let text =
                (random.chance(50) ? "-" : "") + whole + "." + "\(100_000 + random.below(900_000))"
            guard let number = number(text), let decimal = Decimal(string: text) else {
                Issue.record("\(text) is a number")
                return
            }
            sum.add(number)
            expected += decimal
        }
        #expect(sum.total.text == "\(expected)")
    }

    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("12", "12"), ("1.5", "1.5"), ("1e3", "1000"),
        ("1.25E-2", "0.0125"),
        ("0.0000019", "0.000001"), ("-7.1234567", "-7.123456"), ("1e18", "1000000000000000000"),
        ("000123", "123"), ("1234567890123456789012345678e-10", "123456789012345678.901234"),
        ("1e-400", "0"), ("0e999", "0"),
    ])
    func numbersAreRead(text: String, meant: String) { #expect(number(text)?.text == meant) }

    @Test(arguments: [
        "", "-", "x", "1x", "NaN", "Infinity", "1e", "1e+", "1.2.3", "1e19", "-1000000000000000001",
        "0x10", " 1", "1e99999", "true",
    ])
    func otherTextsAreNoNumbers(text: String) { #expect(number(text) == nil) }

    /// The standard error is 1.6 %: of so many trials one is off by four times that once in 15,000.
    @Test(arguments: [513, 600, 2_000, 10_000, 100_000])
    func distinctIsAsNearAsItSays(count: Int) {
        var squares = 0.0
        let trials = count > 50_000 ? 6 : 24
        for trial in 0..<trials {
            var sketch = DistinctSketch()
            for number in 0..<count {
                sketch.add(hash("trial \(trial) text \(number)"))
                if number % 7 == 0 { sketch.add(hash("trial \(trial) text \(number / 2)")) }
            }
            #expect(!sketch.isExact)
            let off = Double(sketch.estimate) / Double(count) - 1
            #expect(abs(off) < 4 * 1.04 / 64, "\(count): \(sketch.estimate)")
            squares += off * off
        }
        #expect((squares / Double(trials)).squareRoot() < 1.7 * 1.04 / 64)
    }

    @Test func fewTextsAreCountedExactly() {
        var sketch = DistinctSketch()
        for round in 0..<3 {
            for number in 0..<Limits.ruleDistinctExactMax { sketch.add(hash("\(number)")) }
            #expect(
                sketch.isExact && sketch.estimate == Int64(Limits.ruleDistinctExactMax), "\(round)")
        }
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func quantilesAreAsNearAsTheySay(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var sketch = QuantileSketch()
        var numbers: [DecimalNumber] = []
        let width = random.pick([10, 1_000, 1_000_000, Int.max / 2_000_000])
        for _ in 0..<(1 + random.below(3_000)) {
            let text =
                (random.chance(20) ? "-" : "") + "\(random.below(width))."
                + "\(100_000 + random.below(900_000))"
            guard let number = number(text) else { continue }
            numbers.append(number)
            sketch.add(number)
        }
        numbers.sort()
        for fraction in [0, 0.01, 0.25, 0.5, 0.9, 0.99, 1] {
            let place = max(1, (fraction * Double(numbers.count)).rounded(.up))
            let meant = numbers[Int(place) - 1].millionths
            guard let found = sketch.quantile(fraction)?.millionths else {
                Issue.record("seed \(seed): no quantile \(fraction)")
                return
            }
            #expect(
                (found - meant).magnitude * 128 <= meant.magnitude,
                "seed \(seed): \(fraction) is \(found), not \(meant)")
        }
    }
}
