// What could go wrong: the simulation is kinder than a power cut (it keeps what was never
// flushed) or crueller (it loses what was), so that tests on it prove nothing or demand the
// impossible; a failed flush is healed by the next; an image is not reproducible.

import Disk
import DiskSimulation
import Glibc
import Testing

private func diskWithFile(_ bytes: [UInt8]) throws -> (SimulatedDisk, any DiskFile) {
    let disk = SimulatedDisk()
    let file = try disk.open("/f", .create)
    try file.write(bytes, at: 0)
    try file.synchronize()
    try disk.synchronizeDirectory("/")
    return (disk, file)
}

private func page(_ value: UInt8, _ count: Int = 1) -> [UInt8] {
    [UInt8](repeating: value, count: count * 4_096)
}

@Suite struct CrashImageTests {
    /// Each page and the size must be one of their states since the last flush, and every
    /// combination of them must turn up.
    @Test func eachUnflushedPageAndSizeIsOnItsOwn() throws {
        let (disk, file) = try diskWithFile(page(1, 2))
        try file.write(page(2), at: 0)
        try file.write(page(3), at: 4_096)
        try file.write(page(4), at: 8_192)
        var seen: Set<[UInt8]> = []
        for seed in 0..<300 as Range<UInt64> {
            let image = disk.crashImage(.random(seed: seed))
            let bytes = try #require(image.contents(of: "/f"))
            #expect(bytes.count == 8_192 || bytes.count == 12_288)
            let pages = stride(from: 0, to: bytes.count, by: 4_096).map {
                Set(bytes[$0..<$0 + 4_096])
            }
            #expect(pages.allSatisfy { $0.count == 1 }, "seed \(seed): a page is torn")
            seen.insert(pages.map { $0.first! })
            #expect(disk.crashImage(.random(seed: seed)).contents(of: "/f") == bytes)
        }
        var expected: Set<[UInt8]> = []
        for first in [1, 2] as [UInt8] {
            for second in [1, 3] as [UInt8] {
                expected.formUnion([[first, second], [first, second, 0], [first, second, 4]])
            }
        }
        #expect(seen == expected)
        #expect(disk.crashImage(.nothingUnsynced).contents(of: "/f") == page(1, 2))
        #expect(disk.crashImage(.everything).contents(of: "/f") == disk.contents(of: "/f"))
    }

    @Test func tornPagesMixWholeSectors() throws {
        let (disk, file) = try diskWithFile(page(1))
        try file.write(page(2), at: 0)
        var mixed = 0
        for seed in 0..<50 as Range<UInt64> {
            let bytes = try #require(disk.crashImage(.torn(seed: seed)).contents(of: "/f"))
            for sector in stride(from: 0, to: 4_096, by: 512) {
                #expect(Set(bytes[sector..<sector + 512]).count == 1)
            }
            mixed += Set(bytes) == [1, 2] ? 1 : 0
        }
        #expect(mixed > 10)
    }

    @Test func bytesBeforeACutDoNotComeBackAfterIt() throws {
        let (disk, file) = try diskWithFile(page(1, 2))
        try file.truncate(to: 100)
        try file.allocate(to: 8_192)
        for seed in 0..<100 as Range<UInt64> {
            let bytes = try #require(disk.crashImage(.torn(seed: seed)).contents(of: "/f"))
            let whole = bytes == page(1, 2)
            let cut =
                bytes.prefix(100).allSatisfy { $0 == 1 }
                && bytes.dropFirst(100).allSatisfy { $0 == 0 }
            #expect(whole || (cut && (bytes.count == 100 || bytes.count == 8_192)), "seed \(seed)")
        }
    }

    @Test func aFlushedFileMayLackItsNameUntilTheDirectoryIsFlushed() throws {
        let disk = SimulatedDisk()
        let file = try disk.open("/f", .create)
        try file.write([7], at: 0)
        try file.synchronize()
        var found: Set<Bool> = []
        for seed in 0..<40 as Range<UInt64> {
            let contents = disk.crashImage(.random(seed: seed)).contents(of: "/f")
            #expect(contents == nil || contents == [7])
            found.insert(contents != nil)
        }
        #expect(found == [true, false])
        try disk.synchronizeDirectory("/")
        #expect(disk.crashImage(.nothingUnsynced).contents(of: "/f") == [7])
    }

    @Test func aRenameKeepsTheOldOrTheNewNameOrBoth() throws {
        let (disk, _) = try diskWithFile([1])
        let new = try disk.open("/new", .create)
        try new.write([2], at: 0)
        try new.synchronize()
        try disk.synchronizeDirectory("/")
        try disk.rename("/new", to: "/f")
        try disk.rename("/f", to: "/g")
        var states: Set<[String]> = []
        for seed in 0..<300 as Range<UInt64> {
            let image = disk.crashImage(.random(seed: seed))
            let names = try image.list("/")
            states.insert(names)
            #expect(names.contains { image.contents(of: "/\($0)") == [2] }, "seed \(seed)")
        }
        #expect(states.contains(["f", "new"]))
        #expect(states.contains(["g"]))
        #expect(states.contains(["f", "g", "new"]))
        #expect(try disk.crashImage(.everything).list("/") == ["g"])
    }

    @Test func aFailedFlushIsNeverHealedByTheNext() throws {
        let (disk, file) = try diskWithFile(page(1, 2))
        try file.write(page(2), at: 0)
        disk.fail(call: disk.callCount + 1, code: EIO)
        #expect(throws: DiskError(.synchronize, "/f", EIO)) { try file.synchronize() }
        try file.write(page(3), at: 4_096)
        try file.synchronize()
        #expect(try file.read(1, at: 0) == [2], "the cache still shows what is lost")
        disk.restart()
        #expect(disk.contents(of: "/f") == page(2) + page(3))
        for choice in [CrashChoice.nothingUnsynced, .everything, .torn(seed: 1)] {
            #expect(disk.crashImage(choice).contents(of: "/f") == page(1) + page(3))
        }
        // Writing the page again is the one cure.
        try file.write([9], at: 0)
        try file.synchronize()
        let cured = [9] + page(2).dropFirst() + page(3)
        #expect(disk.crashImage(.nothingUnsynced).contents(of: "/f") == cured)
    }

    @Test func aFailedDirectoryFlushLosesItsNames() throws {
        let (disk, _) = try diskWithFile([1])
        try disk.open("/g", .create).synchronize()
        disk.fail(
            call: 1 + disk.callCount(of: .synchronizeDirectory), code: EIO,
            only: .synchronizeDirectory)
        #expect(throws: DiskError.self) { try disk.synchronizeDirectory("/") }
        try disk.synchronizeDirectory("/")
        #expect(try disk.list("/") == ["f", "g"])
        #expect(try disk.crashImage(.everything).list("/") == ["f"])
    }

    /// Random writes, cuts, growth and flushes: no image may lack what was flushed, or hold a byte
    /// that its offset never held since.
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func randomHistoriesLeaveOnlyPossibleBytes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let (disk, file) = try diskWithFile([])
        var cache: [UInt8] = []
        // Per offset the values since the last flush; the sizes since then.
        var possible = [Set<UInt8>](repeating: [0], count: 10_000)
        var sizes: Set<Int> = [0]
        for step in 0..<60 {
            let offset = Int.random(in: 0...6_000, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0..<3:
                let bytes = [UInt8](
                    repeating: UInt8(step + 1), count: Int.random(in: 1...3_000, using: &random))
                try file.write(bytes, at: offset)
                cache += [UInt8](repeating: 0, count: max(0, offset + bytes.count - cache.count))
                cache.replaceSubrange(offset..<offset + bytes.count, with: bytes)
            case 3:
                try file.truncate(to: offset)
                cache =
                    cache.prefix(offset) + .init(repeating: 0, count: max(0, offset - cache.count))
            case 4:
                try file.allocate(to: offset)
                cache += [UInt8](repeating: 0, count: max(0, offset - cache.count))
            default:
                try file.synchronize()
                possible = .init(repeating: [], count: 10_000)
                sizes = []
            }
            for index in 0..<10_000 {
                possible[index].insert(index < cache.count ? cache[index] : 0)
            }
            sizes.insert(cache.count)
            for choice in [
                CrashChoice.nothingUnsynced, .everything, .random(seed: seed), .torn(seed: seed),
            ] {
                let bytes = try #require(disk.crashImage(choice).contents(of: "/f"))
                let wrong = bytes.indices.first { !possible[$0].contains(bytes[$0]) }
                #expect(wrong == nil, "seed \(seed), step \(step), \(choice)")
                #expect(sizes.contains(bytes.count), "seed \(seed), step \(step), \(choice)")
            }
            #expect(disk.crashImage(.everything).contents(of: "/f") == cache, "seed \(seed)")
        }
    }
}
