// What could go wrong: what LMDB refuses ends in a trap, in a code that nobody understands, or in a
// transaction that goes on as if nothing had been.

import CLMDB
import Glibc
import TestSupport
import Testing

@testable import LMDB

@Suite struct RefusalTests {
    /// Whoever reads it knows what to do.
    @Test(arguments: [
        (MDB_MAP_FULL, "raise it"), (MDB_READERS_FULL, "raise the environment's reader limit"),
        (MDB_TXN_FULL, "commit smaller ones"), (MDB_BAD_VALSIZE, "1 to 511 bytes"),
        (MDB_BAD_TXN, "begin another"), (MDB_KEYEXIST, "out of order"),
        (MDB_INVALID, "rebuild"), (MDB_CORRUPTED, "rebuild"), (MDB_VERSION_MISMATCH, "rebuild"),
        (ENOSPC, "free space"), (EDQUOT, "free space"), (EIO, "cut short"),
        (EACCES, "must belong to the user"),
        (EPERM, "must belong to the user"), (ENOMEM, "ulimit -v"), (ENOENT, "make the directory"),
    ])
    func everyCodeHasItsRemedy(code: Int32, remedy: String) {
        let error = LMDBError(.put, "/some/where", .code(code), mapBytes: 4_096)
        #expect(error.description.contains(remedy), "\(error)")
        #expect(error.description.hasPrefix("cannot put in the LMDB environment /some/where: "))
        #expect(error.needsRebuild == (remedy == "rebuild"))
    }

    @Test func reasonsOfOurOwnHaveWords() {
        for (reason, words) in [
            (LMDBError.Reason.alreadyOpen, "use that environment"), (.forked, "after forking"),
            (.networkFileSystem("nfs"), "nfs is a network file system"),
            (.mapInUse(250), "250 ms"), (.code(EIO), "Input/output error"),
        ] {
            let error = LMDBError(.open, "/some/where", reason)
            #expect(error.description.contains(words), "\(error)")
            #expect(!error.needsRebuild && !error.isMapFull)
        }
    }

    /// Each call says what it was, and the next transaction works.
    @Test func keysOfNoLengthAndOfTooMuchAreRefused() throws {
        let directory = TemporaryDirectory()
        let environment = try Environment.open(path: directory.path, mapBytes: 1 << 20)
        let long = [UInt8](repeating: 1, count: 512)
        for key in [[], long] {
            // A key that is too long cannot be there: nothing is removed.
            for operation in key.isEmpty ? [LMDBError.Operation.put, .delete] : [.put] {
                var transaction = try environment.beginWrite()
                let error = #expect(throws: LMDBError.self) {
                    try key.withUnsafeBytes {
                        if operation == .put {
                            try transaction.put($0, $0)
                        } else {
                            _ = try transaction.delete($0)
                        }
                    }
                }
                #expect(error?.operation == operation)
                #expect(error?.reason == .code(MDB_BAD_VALSIZE))
            }
        }
        let reader = try environment.beginRead()
        let error = #expect(throws: LMDBError.self) { _ = try reader.get([]) }
        #expect(error?.reason == .code(MDB_BAD_VALSIZE))
        var transaction = try environment.beginWrite()
        try transaction.put([1], [2])
        try transaction.commit()
        #expect(try environment.beginRead().get([1]).map { Array($0) } == [2])
    }

    /// A transaction that has met the quota can only end, and what it had done is undone.
    @Test func aTransactionThatFailedDoesNothingMore() throws {
        let directory = TemporaryDirectory()
        let environment = try Environment.open(path: directory.path, mapBytes: 64 << 10)
        var first = try environment.beginWrite()
        try first.put([0], [1])
        try first.commit()
        do {
            var transaction = try environment.beginWrite()
            let value = [UInt8](repeating: 7, count: 3_000)
            let full = #expect(throws: LMDBError.self) {
                for key in 1...100 as ClosedRange<UInt8> { try transaction.put([key], value) }
            }
            #expect(full?.isMapFull == true)
            let sought = #expect(throws: LMDBError.self) {
                try transaction.withCursor { (cursor) throws(LMDBError) in
                    _ = try cursor.seek(atLeast: [0])
                }
            }
            #expect(sought?.operation == .iterate && sought?.reason == .code(MDB_BAD_TXN))
            do {
                try transaction.commit()
                Issue.record("a transaction that failed was committed")
            } catch {
                #expect(error.operation == .commit && error.reason == .code(MDB_BAD_TXN))
            }
        }
        let reader = try environment.beginRead()
        #expect(try reader.get([0]).map { Array($0) } == [1])
        #expect(try reader.get([1]) == nil)
    }

    @Test func aCopyGoesNowhereElse() throws {
        let directory = TemporaryDirectory()
        let real = directory.subdirectory("index")
        let environment = try Environment.open(path: real, mapBytes: 1 << 20)
        #expect(throws: LMDBError(.compact, real, .code(EEXIST))) {
            try environment.compact(to: real)
        }
        let missing = directory.path + "/missing"
        #expect(throws: LMDBError(.compact, missing, .code(ENOENT))) {
            try environment.compact(to: missing)
        }
    }

    @Test func whatIsNoDirectoryIsNotOpened() throws {
        let directory = TemporaryDirectory()
        let file = directory.path + "/file"
        close(open(file, O_CREAT | O_WRONLY, 0o600))
        #expect(throws: LMDBError(.open, file, .code(ENOTDIR))) {
            try Environment.open(path: file, mapBytes: 1 << 20)
        }
        // A lock table that cannot be made: LMDB says why.
        let index = directory.subdirectory("index")
        #expect(mkdir(index + "/lock.mdb", 0o700) == 0)
        let error = #expect(throws: LMDBError.self) {
            try Environment.open(path: index, mapBytes: 1 << 20)
        }
        #expect(error?.operation == .open)
    }
}
