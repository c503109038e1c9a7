import TestSupport
import Testing

@testable import Rollup

// A tally could lose, invent or shift a count in one of its modes or at the border between them;
// the same content could be written in two ways, so that a rebuild differs; and damaged bytes
// could crash the reader instead of being told from whole ones.
@Suite struct TallyTests {
    /// Random maps that lead to every mode: sparse or packed keys, small or huge counts.
    private static func randomMap(_ random: inout SeededGenerator) -> [UInt64: UInt64] {
        let spread: UInt64 = [3, 60, 700, 40_000, 1 << 33, 1 << 62].randomElement(using: &random)!
        let most: UInt64 = [1, 1, 2, 255, 256, 70_000, 1 << 33].randomElement(using: &random)!
        let start = UInt64.random(in: 0...spread, using: &random)
        var map: [UInt64: UInt64] = [:]
        for _ in 0..<Int.random(in: 1...300, using: &random) {
            let key = start + UInt64.random(in: 0...spread, using: &random)
            let ones = Int.random(in: 0..<3, using: &random) == 0
            map[key] = ones ? 1 : UInt64.random(in: 1...most, using: &random)
        }
        return map
    }

    private static func encode(_ map: [UInt64: UInt64], segment: UInt8) -> [UInt8] {
        var encoder = TallyEncoder()
        var row = Scratch<UInt8>()
        let keys = map.keys.sorted()
        let counts = keys.map { map[$0]! }
        encoder.encode(
            segment: segment, keys: keys, counts: counts, count: keys.count, into: &row)
        return Array(row.bytes)
    }

    private static func decode(_ row: [UInt8]) -> [UInt8: [UInt64: UInt64]]? {
        row.withUnsafeBytes { bytes in
            var maps: [UInt8: [UInt64: UInt64]] = [:]
            var cursor = RowCursor(bytes)
            while let segment = cursor.next() {
                var map: [UInt64: UInt64] = [:]
                let intact = segment.tally.forEach(in: 0..<UInt64.max) { map[$0] = $1 }
                guard intact else { return nil }
                maps[segment.number] = map
            }
            return cursor.damaged ? nil : maps
        }
    }

    @Test(arguments: 1...8) func everyModeComesBack(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var modes: Set<UInt8> = []
        for _ in 0..<400 {
            let map = Self.randomMap(&random)
            let row = Self.encode(map, segment: 63)
            modes.insert(row[0] & 3)
            #expect(Self.decode(row) == [63: map], "seed \(seed)")
        }
        #expect(modes == [0, 1, 2, 3], "seed \(seed)")
    }

    /// Maps enough that each of the ways to read a mode, eight bytes at once too, meets its ends.
    @Test(arguments: 1...20) func partOfTheKeysIsCutExactly(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<5 { cutParts(of: Self.randomMap(&random), seed, &random) }
    }

    private func cutParts(
        of map: [UInt64: UInt64], _ seed: UInt64, _ random: inout SeededGenerator
    ) {
        let row = Self.encode(map, segment: 5)
        let keys = map.keys.sorted()
        for _ in 0..<30 {
            let a = keys.randomElement(using: &random)! &+ UInt64.random(in: 0...2, using: &random)
            let b = keys.randomElement(using: &random)! &+ UInt64.random(in: 0...2, using: &random)
            let range = min(a, b)..<max(a, b)
            var found: [UInt64: UInt64] = [:]
            row.withUnsafeBytes { bytes in
                var cursor = RowCursor(bytes)
                let tally = cursor.find(5)?.tally
                #expect(tally?.forEach(in: range) { found[$0] = $1 } == true)
            }
            #expect(found == map.filter { range.contains($0.key) }, "seed \(seed) \(range)")
        }
    }

    @Test(arguments: 1...30) func mergedRowsAreWhatTheirSumsEncode(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            var sums: [UInt8: [UInt64: UInt64]] = [:]
            var inputs: [[UInt8]] = []
            for _ in 0..<Int.random(in: 1...7, using: &random) {
                var row: [UInt8] = []
                for segment in UInt8(0)..<64 where Int.random(in: 0..<20, using: &random) == 0 {
                    let map = Self.randomMap(&random)
                    row += Self.encode(map, segment: segment)
                    sums[segment, default: [:]].merge(map, uniquingKeysWith: +)
                }
                inputs.append(row)
            }
            var merger = RowMerger()
            var merged = Scratch<UInt8>()
            merger.begin()
            let intact = Self.add(inputs[...], to: &merger) { $0.merge(into: &merged) }
            let expected = sums.sorted { $0.key < $1.key }
                .flatMap { Self.encode($0.value, segment: $0.key) }
            #expect(intact && Array(merged.bytes) == expected, "seed \(seed)")
        }
    }

    private static func add(
        _ rows: ArraySlice<[UInt8]>, to merger: inout RowMerger,
        then body: (inout RowMerger) -> Bool
    ) -> Bool {
        guard let first = rows.first else { return body(&merger) }
        return first.withUnsafeBytes { bytes in
            merger.add(bytes)
            return add(rows.dropFirst(), to: &merger, then: body)
        }
    }

    @Test(arguments: 1...40) func damagedRowsAreRefusedOrReadButNeverCrash(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var refused = 0
        for _ in 0..<300 {
            var row = Self.encode(Self.randomMap(&random), segment: 1)
            row += Self.encode(Self.randomMap(&random), segment: 9)
            let other = row
            switch Int.random(in: 0..<3, using: &random) {
            case 0: row.removeLast(Int.random(in: 1...row.count, using: &random))
            case 1:
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    row[Int.random(in: 0..<row.count, using: &random)] = UInt8.random(
                        in: .min ... .max, using: &random)
                }
            default: row = row.map { _ in UInt8.random(in: .min ... .max, using: &random) }
            }
            if Self.decode(row) == nil { refused += 1 }
            var accumulator = Accumulator()
            accumulator.reserve(ids: 1_000)
            row.withUnsafeBytes { bytes in
                var cursor = RowCursor(bytes)
                while let segment = cursor.next() { _ = accumulator.add(segment.tally) }
            }
            #expect(accumulator.distinct() <= 1_000)
            var merger = RowMerger()
            var merged = Scratch<UInt8>()
            merger.begin()
            _ = Self.add([row, other], to: &merger) { $0.merge(into: &merged) }
        }
        #expect(refused > 50, "seed \(seed)")
    }
}
