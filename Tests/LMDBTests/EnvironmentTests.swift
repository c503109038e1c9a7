// What could go wrong: what LMDB leaves undefined (two openings in a process, use after fork,
// network file systems) is not refused; a full map poisons the environment; a reader sees a
// commit it should not; files are readable by others; a copy differs from the original.

import Glibc
import Synchronization
import TestSupport
import Testing

@testable import LMDB

@Suite struct EnvironmentTests {
    @Test func aSecondOpeningIsRefusedByAnyPathUntilTheFirstCloses() throws {
        let directory = TemporaryDirectory()
        let real = directory.subdirectory("index")
        let link = directory.path + "/link"
        #expect(symlink(real, link) == 0)
        do {
            let first = try Environment.open(path: real, mapBytes: 1 << 20)
            #expect(throws: LMDBError(.open, link, .alreadyOpen)) {
                try Environment.open(path: link, mapBytes: 1 << 20)
            }
            // A transaction alone keeps the environment open.
            let reader = try first.beginRead()
            #expect(throws: LMDBError.self) { try Environment.open(path: real, mapBytes: 1 << 20) }
            #expect(try reader.get([1]) == nil)
        }
        _ = try Environment.open(path: link, mapBytes: 1 << 20)
    }

    @Test func aFailedOpeningLeavesTheDirectoryFree() throws {
        let directory = TemporaryDirectory()
        let file = open(directory.path + "/data.mdb", O_CREAT | O_WRONLY, 0o600)
        let garbage = [UInt8](repeating: 0xA5, count: 8_192)
        #expect(write(file, garbage, garbage.count) == garbage.count)
        close(file)
        for _ in 0..<2 {
            let error = #expect(throws: LMDBError.self) {
                try Environment.open(path: directory.path, mapBytes: 1 << 20)
            }
            #expect(error?.needsRebuild == true)
            #expect(error?.description.contains("rebuild it from the log") == true)
        }
        unlink(directory.path + "/data.mdb")
        _ = try Environment.open(path: directory.path, mapBytes: 1 << 20)
        let missing = directory.path + "/missing"
        #expect(throws: LMDBError(.open, missing, .code(ENOENT))) {
            try Environment.open(path: missing, mapBytes: 1 << 20)
        }
    }

    /// A page of a mapped table that there is no room for would kill the process when it is used.
    @Test(arguments: [2, 126, 500])
    func theTableOfReadersHasItsRoomFromTheBeginning(readers: Int) throws {
        let directory = TemporaryDirectory()
        let environment = try Environment.open(
            path: directory.path, mapBytes: 1 << 20, readersMax: readers)
        var status = stat()
        #expect(stat(directory.path + "/lock.mdb", &status) == 0)
        #expect(status.st_blocks * 512 >= status.st_size, "\(status.st_blocks) blocks")
        withExtendedLifetime(environment) {}
    }

    @Test func filesAreTheOwnersAlone() throws {
        let directory = TemporaryDirectory()
        let environment = try Environment.open(path: directory.path, mapBytes: 1 << 20)
        let copies = directory.subdirectory("copy")
        try environment.compact(to: copies)
        for file in ["/data.mdb", "/lock.mdb", "/copy/data.mdb"] {
            var status = stat()
            #expect(stat(directory.path + file, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600, "\(file)")
        }
    }

    @Test func aFullMapIsAnErrorAfterWhichWorkGoesOn() throws {
        let directory = TemporaryDirectory()
        let environment = try Environment.open(path: directory.path, mapBytes: 256 << 10)
        var small = try environment.beginWrite()
        try small.put([1], [1])
        try small.commit()

        for _ in 0..<2 {
            let full = #expect(throws: LMDBError.self) {
                var writer = try environment.beginWrite()
                for number in 0..<1_000 {
                    let key = [2, UInt8(number >> 8), UInt8(number & 255)]
                    try writer.put(key, [UInt8](repeating: 0, count: 1_500))
                }
                try writer.commit()
            }
            #expect(full?.isMapFull == true)
            #expect(full?.description.contains("262144 bytes") == true)
        }

        #expect(try environment.statistics().entries == 1)
        var after = try environment.beginWrite()
        try after.put([3], [3])
        try after.commit()
        let reader = try environment.beginRead()
        #expect(try reader.get([1]).map { Array($0) } == [1])
        #expect(try reader.get([2, 0, 0]) == nil)
        #expect(try reader.get([3]).map { Array($0) } == [3])
    }

    /// Readers keep their snapshots and new ones wait, while the writer outgrows the map again and
    /// again; with a reader that stays, it is told so, and may try again.
    @Test func theMapGrowsBetweenTransactions() async throws {
        let directory = TemporaryDirectory()
        let environment = try Environment.open(
            path: directory.path, mapBytes: 64 << 10, mapBytesMax: 256 << 20)
        let progress = GrowthProgress()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    var reads = 0
                    repeat {
                        let reader = try environment.beginRead()
                        var (count, first) = (0, UInt8(0))
                        try reader.forEach { _, value in
                            if count == 0 { first = value[0] }
                            #expect(value[0] == first)
                            count += 1
                            return true
                        }
                        #expect(count == 0 || count == 50 + Int(first))
                        reads += 1
                    } while !progress.done.load(ordering: .acquiring)
                    return reads
                }
            }
            for round in 1...20 as ClosedRange<UInt8> {
                while !(try Self.fill(environment, round)) {
                    #expect(try environment.growMap(patience: 60_000))
                }
            }
            progress.done.store(true, ordering: .releasing)
            for try await reads in group { #expect(reads > 0) }
        }
        #expect(environment.mapBytes > 512 << 10)

        let mapped = environment.mapBytes
        do {
            let reader = try environment.beginRead()
            let busy = #expect(throws: LMDBError.self) { try environment.growMap(patience: 10) }
            #expect(busy?.description.contains("open for more than 10 ms") == true)
            #expect(try reader.get([0]) != nil)
        }
        #expect(try environment.growMap())
        #expect(environment.mapBytes == 2 * mapped)
        while environment.mapBytes < 256 << 20 { #expect(try environment.growMap()) }
        #expect(try !environment.growMap())
    }

    private final class GrowthProgress: Sendable {
        let done = Atomic(false)
    }

    /// One commit of 50 and `round` large values; false if the map is full.
    private static func fill(
        _ environment: Environment, _ round: UInt8
    ) throws(LMDBError) -> Bool {
        do {
            var writer = try environment.beginWrite()
            for key in 0..<50 + round {
                try writer.put([key], [UInt8](repeating: round, count: 1_000 * Int(round)))
            }
            try writer.commit()
            return true
        } catch  where error.isMapFull {
            return false
        }
    }

    @Test func aForkedProcessIsRefusedAndLeavesTheParentAlone() throws {
        let directory = TemporaryDirectory()
        let environment = try Environment.open(path: directory.path, mapBytes: 1 << 20)
        var writer = try environment.beginWrite()
        try writer.put([1], [1])
        try writer.commit()
        let reader = try environment.beginRead()

        // Swift hides fork, for good reasons; the child only asks and leaves.
        let symbol = try #require(dlsym(nil, "fork"))
        let fork = unsafeBitCast(symbol, to: (@convention(c) () -> pid_t).self)
        let child = fork()
        if child == 0 { _exit(refusalsInChild(environment)) }
        var status: Int32 = 0
        #expect(waitpid(child, &status, 0) == child)
        #expect(status == 3 << 8, "three refusals, as the exit code in the upper byte")

        #expect(try reader.get([1]).map { Array($0) } == [1])
        #expect(try environment.statistics().readerSlots == 1, "the child has taken none")
        var after = try environment.beginWrite()
        try after.put([2], [2])
        try after.commit()
        let refusal = LMDBError(.begin, directory.path, .forked)
        #expect(refusal.description.contains("after forking"))
    }

    @Test func networkFileSystemsAreKnownAndLocalOnesPass() {
        #expect(NetworkFileSystem.name(ofType: 0x6969) == "NFS")
        #expect(NetworkFileSystem.name(ofType: 0xFF53_4D42) == "CIFS")
        #expect(NetworkFileSystem.name(ofType: 0xEF53) == nil)
        #expect(NetworkFileSystem.name(holding: "/tmp") == nil)
        let refusal = LMDBError(.open, "/mnt/x", .networkFileSystem("NFS")).description
        #expect(refusal.contains("NFS is a network file system"))
    }

    @Test func aDirectoryThatIsRemovedIsNoOther() throws {
        let directory = TemporaryDirectory()
        // Many file systems give the next directory the number of the last one.
        var open: [Environment] = []
        for round in 0..<4 {
            let path = directory.subdirectory("environment")
            let environment = try Environment.open(path: path, mapBytes: 1 << 20)
            var writer = try environment.beginWrite()
            try writer.put([1], [UInt8(round)])
            try writer.commit()
            open.append(environment)
            for name in ["/data.mdb", "/lock.mdb"] { #expect(unlink(path + name) == 0) }
            #expect(rmdir(path) == 0)
        }
        for (round, environment) in open.enumerated() {
            #expect(try dump(environment) == [[1], [UInt8(round)]])
        }
    }

    @Test func compactedCopyIsTheSnapshotAndSmaller() throws {
        let directory = TemporaryDirectory()
        let environment = try Environment.open(path: directory.path, mapBytes: 64 << 20)
        for round in 0..<3 {
            var writer = try environment.beginWrite()
            for number in stride(from: 2_999, through: 0, by: -1) {
                let key = [UInt8(number >> 8), UInt8(number & 255), UInt8(number % 7)]
                try writer.put(key, [UInt8](repeating: UInt8(round), count: 100 + number % 50))
            }
            try writer.commit()
        }
        let copies = directory.subdirectory("copy")
        try environment.compact(to: copies)
        #expect(throws: LMDBError(.compact, copies, .code(EEXIST))) {
            try environment.compact(to: copies)
        }
        let copy = try Environment.open(path: copies, mapBytes: 64 << 20)
        #expect(try dump(copy) == dump(environment))
        let (before, after) = (try environment.statistics(), try copy.statistics())
        #expect(after.entries == before.entries)
        #expect(after.fileBytes < before.fileBytes)
    }
}

/// How many of three operations the environment refuses here because it came through a fork.
private func refusalsInChild(_ environment: Environment) -> Int32 {
    var refusals: Int32 = 0
    func count(_ operation: () throws(LMDBError) -> Void) {
        do throws(LMDBError) { try operation() } catch {
            refusals += error.reason == .forked ? 1 : 0
        }
    }
    count { () throws(LMDBError) in _ = try environment.beginRead().identifier }
    count { () throws(LMDBError) in try environment.beginWrite().commit() }
    count { () throws(LMDBError) in _ = try environment.statistics() }
    return refusals
}

private func dump(_ environment: borrowing Environment) throws -> [[UInt8]] {
    var entries: [[UInt8]] = []
    try environment.beginRead().forEach { key, value in
        entries.append(Array(key))
        entries.append(Array(value))
        return true
    }
    return entries
}
