// What could go wrong: power fails while a batch is written, and what the disk has of it keeps the
// log from opening, passes for records, or takes acknowledged ones with it when it is cut away.
//
// Tails of three sizes, torn from a place on: gone, zeros, garbage, what an earlier journal had
// there (a batch that would be whole, of another salt), what the same journal had before.
// TALLYLOG_TAILS=n  tears 1 MiB around every n-th of its sectors (401)
import Disk
import DiskSimulation
import Glibc
import Model
import TestSupport
import Testing

@testable import MessageLog

@Suite struct TornTailTests {
    private static let sectorBytes = 512

    /// A tail's payloads, and from where on it is torn.
    struct Tail: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var payloads: [Int]
        /// Every so many bytes, counted from the batch's start ...
        var step: Int
        /// ... and so many bytes before and behind that place.
        var around: Int = 0
    }

    static let tails = [
        Tail(testDescription: "1 KiB", payloads: [60, 500], step: 1),
        Tail(testDescription: "8 KiB", payloads: [60, 4_000, 3_900], step: 1),
        Tail(
            testDescription: "1 MiB", payloads: Array(repeating: 128 << 10, count: 8),
            step: Amount.of("TALLYLOG_TAILS", 401) * sectorBytes, around: 1),
    ]

    @Test(arguments: tails) func theTailTearsAnywhere(tail: Tail) throws {
        let sample = try JournalDamageTests.Sample(lastBatch: tail.payloads)
        let other = try JournalDamageTests.Sample(lastBatch: tail.payloads, seed: 2)
        let torn = try TornTail(sample, earlier: other)
        var images = 0
        for middle in stride(from: torn.start, to: torn.bytes.count, by: tail.step) {
            for place in middle - tail.around...middle + tail.around
            where place >= torn.start && place < torn.bytes.count {
                images += try torn.check(from: place)
            }
        }
        print("\(tail.testDescription): \(images) torn tails")
    }
}

/// A journal whose last batch is torn in all ways from any place on.
private struct TornTail {
    private let sample: JournalDamageTests.Sample
    let bytes: [UInt8]
    let start: Int
    private let kept: [Kept]
    private let whole: [Kept]
    private let garbage: [UInt8]
    private let earlier: [UInt8]
    private let before: [UInt8]

    init(_ sample: JournalDamageTests.Sample, earlier: JournalDamageTests.Sample) throws {
        self.sample = sample
        let path = JournalDamageTests.journal
        bytes = try #require(sample.disk.contents(of: path))
        start = try #require(sample.starts.last)
        kept = sample.withoutLast.map { Kept($0) }
        whole = sample.records.map { Kept($0) }
        garbage = bytes.map { $0 ^ 0xa5 }
        self.earlier = try #require(earlier.disk.contents(of: path))
        #expect(self.earlier.count == bytes.count && earlier.starts == sample.starts)
        // As much of the batches before as the tail is long, or as there is.
        let length = min(bytes.count - start, start - 512)
        before = Array(bytes[512..<512 + length])
    }

    /// Tears the tail from a place on, in each way.
    /// - Returns: how many ways.
    func check(from place: Int) throws -> Int {
        let count = bytes.count - place
        let ways: [(String, [UInt8]?)] = [
            ("cut", nil), ("zeros", Array(repeating: 0, count: count)),
            ("garbage", Array(garbage[place...])),
            ("another journal", Array(earlier[place...])),
            ("old bytes", Array(before.suffix(count))),
        ]
        for (name, replacement) in ways { try check("\(name) from \(place)", place, replacement) }
        return ways.count
    }

    private func check(_ what: String, _ place: Int, _ replacement: [UInt8]?) throws {
        let path = JournalDamageTests.journal
        let disk = sample.copy()
        if let replacement {
            disk.overwrite(path, at: place, with: replacement)
        } else {
            try disk.open(path, .readWrite).truncate(to: place)
        }
        let now = try #require(disk.contents(of: path))
        let isWhole = isEqual(now[...], bytes[...])
        let log = try openLog(disk)
        #expect(try contents(log) == (isWhole ? whole : kept), "\(what)")
        // The cut begins behind the last valid batch; what is zero there is no tail.
        let torn = isWhole ? 0 : max(0, endBeforeZeros(now) - start)
        #expect((log.recovery.tornBytes > 0) == (torn > 0), "\(what)")
        if torn > 0 {
            let aside = try #require(log.recovery.tornPath.flatMap { disk.contents(of: $0) })
            #expect(isEqual(aside.suffix(torn), now[start..<start + torn]), "\(what)")
        }
    }

    // Of megabytes, thousands of times, in debug builds too.
    private func isEqual(_ some: ArraySlice<UInt8>, _ others: ArraySlice<UInt8>) -> Bool {
        some.count == others.count
            && some.withUnsafeBytes { some in
                others.withUnsafeBytes { others in
                    some.isEmpty || memcmp(some.baseAddress!, others.baseAddress!, some.count) == 0
                }
            }
    }

    /// Where the zeros begin that bytes end with.
    private func endBeforeZeros(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { bytes in
            var end = bytes.count
            while end >= 8, bytes.loadUnaligned(fromByteOffset: end - 8, as: UInt64.self) == 0 {
                end -= 8
            }
            while end > 0, bytes[end - 1] == 0 { end -= 1 }
            return end
        }
    }
}
