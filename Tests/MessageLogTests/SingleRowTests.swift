// What could go wrong: a row that is read by itself is not what its block says, or a search in a
// posting list, or by time, leaves out a row: at the edges of the parts that lists, sums and blocks
// are read by.
import Model
import TestSupport
import Testing

@testable import MessageLog

@Suite struct SingleRowTests {
    @Test func listsComeBackWholeAndByParts() {
        var random = SeededGenerator(seed: 11)
        for count in [0, 1, 2, 255, 256, 257, 511, 512, 513, 1_024, 3_000] {
            for spread in [1, 2, 200, 40_000] {
                var rows: [UInt32] = []
                var next = random.below(spread)
                for _ in 0..<count {
                    rows.append(UInt32(next))
                    next += 1 + random.below(spread)
                }
                var bytes: [UInt8] = [7]
                PostingList.append(rows[...], to: &bytes)
                let what = "\(count) rows, steps up to \(spread)"
                bytes.withUnsafeBytes { whole in
                    let list = PostingList(
                        UnsafeRawBufferPointer(rebasing: whole[1...]), rows: next + 1)
                    var all: [UInt32] = []
                    for chunk in 0..<list.chunks { #expect(list.append(chunk, to: &all) != nil) }
                    #expect(all == rows, "\(what)")
                    #expect(list.isWhole == (count > 0), "\(what)")
                    for (place, row) in rows.enumerated() {
                        #expect(list.rank(of: Int(row)) == place, "\(what)")
                        let isNext = place + 1 < count && rows[place + 1] == row + 1
                        #expect(
                            list.rank(of: Int(row) + 1) == (isNext ? place + 1 : nil), "\(what)")
                    }
                }
            }
        }
    }

    /// Rows of three topics, from every other one to a few, in blocks of more rows than sums are
    /// known at, their times in no order.
    private func columns(_ random: inout SeededGenerator, rows: Int) -> SegmentColumns {
        let active = ActiveColumns(firstSequence: 1, blockRows: 300)
        var position: UInt64 = 512
        for number in 0..<rows {
            let kind = random.below(40)
            let topic = kind == 0 ? "a.b.c.rare" : kind < 20 ? "a.b.c.some" : "a.b.c.most"
            var batch = RecordBatch()
            batch.append(
                timestamp: Timestamp(
                    microseconds: 1_700_000_000_000_000
                        + Int64(
                            number * 1_000_000 + random.below(90_000_000))),
                id: MessageID(form: 2_026, high: UInt64(number), low: random.next()),
                names: [(.topic, Array(topic.utf8))],
                payload: UnsafeRawBufferPointer(start: nil, count: 0))
            position += 100 + UInt64(random.below(2_000))
            batch.forEach { _, record in active.append(record, position: position) }
        }
        return active.publish()
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func rowsAreWhatTheirBlocksSay(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let view = columns(&random, rows: 1 + random.below(2_500))
        let sealed = try SegmentColumns.open(mappedCopy(view.encoded()))
        try sealed.verify()
        for columns in [view, sealed] {
            var reader = RowReader(columns)
            for probe in 0..<600 {
                // In order, and from anywhere.
                let row = probe < 300 ? min(probe, columns.rows - 1) : random.below(columns.rows)
                let block = columns.block(row / 300, .all)
                let place = row % 300
                #expect(reader.time(ofRow: row) == block.times[place], "seed \(seed), row \(row)")
                #expect(reader.topic(ofRow: row) == block.topics[place], "seed \(seed), row \(row)")
                #expect(reader.id(ofRow: row) == block.id(ofRow: place), "seed \(seed), row \(row)")
                #expect(
                    reader.position(ofRow: row) == block.positions[place],
                    "seed \(seed), row \(row)")
            }
        }
        for id in 1...UInt32(sealed.names.count(of: .topic)) {
            let rows = (0..<sealed.blockCount).flatMap { index -> [Int] in
                let block = sealed.block(index, .topics)
                return block.topics.indices.filter { block.topics[$0] == id }
                    .map { block.firstRow + $0 }
            }
            var cursor = try #require(sealed.postingCursor(.topic, id))
            for _ in 0..<400 {
                let row = random.below(sealed.rows + 2)
                #expect(cursor.last(before: row) == rows.last { $0 < row }, "seed \(seed), \(row)")
                #expect(cursor.first(from: row) == rows.first { $0 >= row }, "seed \(seed), \(row)")
                #expect(cursor.contains(row) == rows.contains(row), "seed \(seed), \(row)")
                // From anywhere, and then on to rows beside it.
                let near = row + random.below(5) - 2
                for row in [row, near, near - 1] {
                    let rank = rows.firstIndex(of: row)
                    #expect(cursor.rank(of: row) == rank, "seed \(seed), \(row)")
                }
                let range = row..<row + random.below(700)
                var found: [UInt32] = []
                cursor.append(in: range, to: &found)
                #expect(found.map { Int($0) } == rows.filter(range.contains), "seed \(seed)")
            }
        }
    }

    @Test func blocksByTimeLeaveNoneOut() {
        for seed in 1...200 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            let bounds = (0..<random.below(30)).map { _ -> ClosedRange<Int64>? in
                let start = Int64(random.below(100))
                return random.below(8) == 0 ? nil : start...start + Int64(random.below(20))
            }
            let order = BlockTimeOrder(bounds)
            for _ in 0..<50 {
                let lower = Int64(random.below(120))
                let upper = lower + Int64(random.below(40))
                let first = bounds.firstIndex { ($0?.upperBound ?? .min) >= lower } ?? bounds.count
                let last = bounds.lastIndex { ($0?.lowerBound ?? .max) < upper } ?? -1
                #expect(
                    order.blocks(from: lower, to: upper) == first..<max(first, last + 1),
                    "seed \(seed), \(lower)..<\(upper): \(bounds)")
            }
        }
    }

    /// Bytes that are taken in three parts at once have the checksum that bit after bit gives.
    @Test func checksumsAreThoseOfBitAfterBit() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<300 {
            let bytes = (0..<random.below(5_000)).map { _ in UInt8(random.below(256)) }
            let seed = UInt32(truncatingIfNeeded: random.next())
            var expected = ~seed
            for byte in bytes {
                expected ^= UInt32(byte)
                for _ in 0..<8 {
                    expected = expected >> 1 ^ (expected & 1 == 1 ? 0x82f6_3b78 : 0)
                }
            }
            #expect(Checksum.crc32c(bytes, seed: seed) == ~expected, "\(bytes.count) bytes")
        }
        #expect(Checksum.crc32c(Array("123456789".utf8)) == 0xe306_9283)
    }
}

extension SegmentColumns {
    /// All rows that have a name; nil in a view of memory, where that is not kept.
    func postings(_ dimension: Dimension, _ id: UInt32) -> [UInt32]? {
        guard var cursor = postingCursor(dimension, id) else { return isSealed ? [] : nil }
        var rows: [UInt32] = []
        cursor.append(in: 0..<self.rows, to: &rows)
        return rows
    }
}
