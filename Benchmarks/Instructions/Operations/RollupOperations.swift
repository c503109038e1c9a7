import Model

@testable import Rollup

enum RollupOperations {
    static let all: [(name: String, prepare: Operations.Preparation)] = [
        ("build the run of 10,000 messages", { building() }),
        ("merge four runs", { merging() }),
        ("encode a sparse tally", { encoding(spread: 40) }),
        ("encode a dense tally", { encoding(spread: 2) }),
        ("decode a sparse tally", { decoding(spread: 40) }),
        ("decode a dense tally", { decoding(spread: 2) }),
        ("merge four tallies", { mergingTallies() }),
    ]

    /// Numbers that look random and are the same every time.
    private static func scattered(_ number: Int) -> Int {
        var mixed = UInt64(number) &* 0x9e37_79b9_7f4a_7c15
        mixed ^= mixed >> 29
        return Int((mixed &* 0xbf58_476d_1ce4_e5b9) >> 40)
    }

    /// Below a limit, the small numbers more often.
    private static func small(_ draw: Int, below limit: Int) -> Int {
        let share = (draw >> 8) & 63
        return (draw % limit) * share / 64
    }

    /// A slice of the canonical data: 300 topics, 5,000 users.
    private static func rows(_ part: Int) -> RollupRows {
        let count = 10_000
        let start: Int64 = 1_767_225_600_000_000
        let first = UInt64(part * count + 1)
        var rows = RollupRows(first: first, last: first + UInt64(count) - 1)
        for message in part * count..<(part + 1) * count {
            let draw = scattered(message)
            let topic = UInt32(1 + small(draw, below: 300))
            let user = UInt32(1 + small(draw >> 3, below: 5_000))
            rows.append(
                time: start + Int64(message) * 2_592_000, topic: topic,
                users: draw % 5 == 0 ? [] : [user], packages: [1 + user % 80])
        }
        return rows
    }

    private static func building() -> (Int) -> Void {
        let rows = rows(0)
        return { times in
            for _ in 0..<times { use(Run.build(rows)) }
        }
    }

    private static func merging() -> (Int) -> Void {
        let runs = (0..<4).map { Run.build(rows($0)) }
        return { times in
            for _ in 0..<times { use(Run.merge(runs)) }
        }
    }

    /// 1,000 keys, a third of them counted once.
    private static func content(spread: Int, seed: Int = 0) -> (keys: [UInt64], counts: [UInt64]) {
        var key = UInt64(seed)
        var keys: [UInt64] = []
        var counts: [UInt64] = []
        for place in 0..<1_000 {
            let draw = scattered(place + seed * 1_000)
            key += 1 + UInt64(draw % spread)
            keys.append(key)
            counts.append(draw % 3 == 0 ? 1 : UInt64(2 + draw % 200))
        }
        return (keys, counts)
    }

    private static func encode(
        _ content: (keys: [UInt64], counts: [UInt64]), _ encoder: inout TallyEncoder,
        _ row: inout Scratch<UInt8>
    ) {
        row.count = 0
        encoder.encode(
            segment: 7, keys: content.keys, counts: content.counts, count: content.keys.count,
            into: &row)
    }

    private static func encoding(spread: Int) -> (Int) -> Void {
        let content = content(spread: spread)
        return { times in
            var encoder = TallyEncoder()
            var row = Scratch<UInt8>()
            for _ in 0..<times { encode(content, &encoder, &row) }
        }
    }

    private static func encoded(spread: Int, seed: Int = 0) -> [UInt8] {
        var encoder = TallyEncoder()
        var row = Scratch<UInt8>()
        encode(content(spread: spread, seed: seed), &encoder, &row)
        return Array(row.bytes)
    }

    private static func decoding(spread: Int) -> (Int) -> Void {
        let row = encoded(spread: spread)
        return { times in
            row.withUnsafeBytes { bytes in
                for _ in 0..<times {
                    var cursor = RowCursor(bytes)
                    var sum: UInt64 = 0
                    let isWhole = cursor.next()?.tally.forEach(in: 0..<UInt64.max) {
                        sum &+= $0 ^ $1
                    }
                    precondition(isWhole == true, "an encoded tally is whole")
                    use(sum)
                }
            }
        }
    }

    private static func mergingTallies() -> (Int) -> Void {
        // In memory that stays where it is until the last merge.
        let rows = (0..<4).map { seed in
            let bytes = encoded(spread: 40, seed: seed)
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
            copy.copyBytes(from: bytes)
            return UnsafeRawBufferPointer(copy)
        }
        return { times in
            var merger = RowMerger()
            var merged = Scratch<UInt8>()
            for _ in 0..<times {
                merged.count = 0
                merger.begin()
                for row in rows { merger.add(row) }
                let isWhole = merger.merge(into: &merged)
                precondition(isWhole, "an encoded tally is whole")
            }
        }
    }
}
