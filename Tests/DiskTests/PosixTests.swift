// What could go wrong: files or directories are readable by others or inherited by children,
// symbolic links are followed, an error's sentence lacks what happened, where or the remedy; two
// processes claim one directory; a mapping dies with its file.

import Disk
import Glibc
import TestSupport
import Testing

@Suite struct PosixTests {
    @Test func filesAndDirectoriesAreTheOwnersAlone() throws {
        let directory = TemporaryDirectory()
        let disk = PosixDisk()
        try disk.makeDirectory(directory.path + "/d")
        let file = try disk.open(directory.path + "/d/f", .create)
        try file.write([1], at: 0)
        for (path, mode) in [("/d", 0o700), ("/d/f", 0o600)] {
            var status = stat()
            #expect(stat(directory.path + path, &status) == 0)
            #expect(Int(status.st_mode) & 0o777 == mode)
        }
    }

    @Test func symbolicLinksAreNotFollowed() throws {
        let directory = TemporaryDirectory()
        let disk = PosixDisk()
        _ = try disk.open(directory.path + "/real", .create)
        let link = directory.path + "/link"
        #expect(symlink(directory.path + "/real", link) == 0)
        let error = #expect(throws: DiskError(.open, link, ELOOP)) { try disk.open(link, .create) }
        #expect(
            error?.description
                == "cannot open \(link): Too many levels of symbolic links (ELOOP); "
                + "symbolic links are not followed: name the file itself")
    }

    @Test func descriptorsCloseAndAreNotInherited() throws {
        let directory = TemporaryDirectory()
        // More files than a process may have open: each must close when its object goes.
        for number in 0..<3_000 {
            let file = try PosixDisk().open(directory.path + "/f", .create)
            try file.write([UInt8(truncatingIfNeeded: number)], at: 0)
            if number % 2 == 0 { file.close() }
        }
        let file = try PosixDisk().open(directory.path + "/f", .read)
        for descriptor in 3..<256 as Range<Int32> {
            var path = [CChar](repeating: 0, count: 4_096)
            guard readlink("/proc/self/fd/\(descriptor)", &path, 4_095) > 0,
                String(
                    decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                    == file.path
            else { continue }
            #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
        }
    }

    @Test func aMappingOutlivesItsFile() throws {
        let directory = TemporaryDirectory()
        let disk = PosixDisk()
        var file: (any DiskFile)? = try disk.open(directory.path + "/f", .create)
        try file?.write([4, 5, 6], at: 0)
        let map = try #require(try file?.map())
        try disk.remove(directory.path + "/f")
        file = nil
        #expect(map.withBytes { Array($0) } == [4, 5, 6])
    }

    @Test func sentencesNameTheRemedy() {
        let remedies: [(Int32, String, String)] = [
            (ENOSPC, "ENOSPC", "free space"), (EACCES, "EACCES", "belong to the user"),
            (EMFILE, "EMFILE", "ulimit -n"), (EROFS, "EROFS", "remount"),
            (EDQUOT, "EDQUOT", "quota"), (EIO, "EIO", "system's log"),
        ]
        for (code, name, remedy) in remedies {
            let sentence = DiskError(.synchronize, "/data/journal", code).description
            #expect(sentence.hasPrefix("cannot flush to disk /data/journal: "))
            #expect(sentence.contains("(\(name)); "))
            #expect(sentence.contains(remedy))
        }
        #expect(DiskError(.read, "/x", 9_999).description.contains("(errno 9999)"))
    }

    @Test func aDirectoryIsClaimedOnceAndTheHolderIsNamed() throws {
        let directory = TemporaryDirectory()
        do {
            let lock = try DirectoryLock.acquire(directory.path)
            let refusal = #expect(throws: DirectoryLockError.self) {
                try DirectoryLock.acquire(directory.path)
            }
            guard case .held(directory.path, getpid(), let command?)? = refusal else {
                Issue.record("not named: \(String(describing: refusal))")
                return
            }
            #expect(!command.isEmpty)
            #expect(
                refusal?.description.contains("process \(getpid()) (\(command)) uses it") == true)
            withExtendedLifetime(lock) {}
        }
        _ = try DirectoryLock.acquire(directory.path)
        let missing = directory.path + "/missing"
        #expect(throws: DirectoryLockError.disk(DiskError(.lock, missing + "/lock", ENOENT))) {
            try DirectoryLock.acquire(missing)
        }
    }

    /// A process that is being started has copies of all descriptors until it is another program.
    @Test func aCopyOfTheLocksDescriptorDoesNotKeepTheClaim() throws {
        let directory = TemporaryDirectory()
        var copy: Int32 = -1
        do {
            let lock = try DirectoryLock.acquire(directory.path)
            var found = stat()
            var held = stat()
            #expect(stat(directory.path + "/lock", &held) == 0)
            // Beside other tests, many a descriptor is open.
            for descriptor in 3..<Int32(getdtablesize()) where copy < 0 {
                if fstat(descriptor, &found) == 0, found.st_ino == held.st_ino,
                    found.st_dev == held.st_dev
                {
                    copy = dup(descriptor)
                }
            }
            withExtendedLifetime(lock) {}
        }
        try #require(copy >= 0)
        _ = try DirectoryLock.acquire(directory.path)
        close(copy)
    }
}
