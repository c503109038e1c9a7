// What could go wrong: a reader that stays for long keeps LMDB from using its free pages again, so
// that every checkpoint makes the file larger, for as long as the reader lives and for ever after.
import Disk
import Engine
import Glibc
import Model
import Query
import TestSupport
import Testing

@Suite struct LongReaderTests {
    private static let rounds = 80
    private static let perRound = 25

    /// A store under checkpoints that all rewrite the same pages, while one reader stays.
    private func grow(
        _ directory: TemporaryDirectory, rewriteFileBytesMin: Int,
        _ body: (Engine, _ atFirst: Int, _ size: () throws -> Int) throws -> Void
    ) throws {
        let store = directory.path + "/store"
        var options = smallOptions(segmentRecords: 1_000)
        options.rewriteFileBytesMin = rewriteFileBytesMin
        let size = { try PosixDisk().size(of: store + "/rollups/data.mdb") ?? 0 }
        try autoclosing(try Engine(directory: store, options: options)) { engine in
            try NumberedMessages.append(1...2_000, to: engine)
            _ = try engine.checkpoint()
            try engine.compact()
            let atFirst = try size()
            try engine.read { snapshot in
                for round in 0..<Self.rounds {
                    let first = 2_001 + round * Self.perRound
                    try NumberedMessages.append(first...first + Self.perRound - 1, to: engine)
                    _ = try engine.checkpoint()
                }
                #expect(snapshot.end == 2_000)
                try body(engine, atFirst, size)
            }
        }
    }

    @Test func aRewriteBringsTheFileDownUnderTheReader() throws {
        let directory = TemporaryDirectory()
        try grow(directory, rewriteFileBytesMin: .max) { engine, atFirst, size in
            let grown = try size()
            // The test would show nothing if the file did not grow.
            #expect(grown > 8 * atFirst, "\(atFirst) bytes before, \(grown) after")
            try engine.compact()
            let rewritten = try size()
            #expect(rewritten < 3 * atFirst, "\(grown) bytes before, \(rewritten) after")
            let report = try engine.verify()
            #expect(report.isSound)
        }
    }

    @Test func theFileDoesNotGrowOnceTheReaderHasEnded() throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        var grown = 0
        try grow(directory, rewriteFileBytesMin: .max) { _, _, size in grown = try size() }
        // Closing has folded nothing new; an engine of today opens the file as it was left.
        var options = smallOptions(segmentRecords: 1_000)
        options.rewriteFileBytesMin = .max
        try autoclosing(try Engine(directory: store, options: options)) { engine in
            for round in 0..<Self.rounds {
                let first = 4_001 + round * Self.perRound
                try NumberedMessages.append(first...first + Self.perRound - 1, to: engine)
                _ = try engine.checkpoint()
            }
            let later = try PosixDisk().size(of: store + "/rollups/data.mdb") ?? 0
            #expect(later == grown, "free pages are used again")
        }
    }

    @Test func theArchiveThreadDoesItByItself() throws {
        let directory = TemporaryDirectory()
        try grow(directory, rewriteFileBytesMin: 256 << 10) { engine, atFirst, size in
            // One was asked for, and is counted once it is over.
            for _ in 0..<1_200
            where try size() > 4 * atFirst || engine.progress.counters.rewrites < 2 {
                // Its thread looks four times a second.
                usleep(50_000)
            }
            let now = try size()
            #expect(now <= 4 * atFirst, "\(atFirst) bytes at first, \(now) now")
            #expect(engine.progress.counters.rewrites > 1)
            #expect(engine.progress.counters.rewriteFailure == nil)
            #expect(NumberedMessages.check(engine, "rewritten") == 4_000)
        }
    }

    @Test func aMillionMessagesUnderOneReader() throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        let (rounds, perRound) = (400, 2_500)
        var options = smallOptions(segmentRecords: 100_000)
        options.rewriteFileBytesMin = 256 << 10
        let size = { try PosixDisk().size(of: store + "/rollups/data.mdb") ?? 0 }
        try autoclosing(try Engine(directory: store, options: options)) { engine in
            try NumberedMessages.append(1...perRound, to: engine)
            _ = try engine.checkpoint()
            var most = 0
            let under = try engine.read { snapshot in
                for round in 1..<rounds {
                    let first = round * perRound + 1
                    try NumberedMessages.append(first...first + perRound - 1, to: engine)
                    _ = try engine.checkpoint()
                    most = max(most, try size())
                }
                try engine.compact()
                #expect(snapshot.end == UInt64(perRound))
                return try size()
            }
            try engine.compact()
            let live = try size()
            print("under a reader at most \(most) bytes, \(under) behind COMPACT, \(live) live")
            #expect(under < 2 * live, "\(live) bytes live, \(under) under a reader")
            // How far it grows meanwhile depends on when the thread behind it gets a processor.
            #expect(engine.progress.counters.rewrites > 2)
            #expect(NumberedMessages.check(engine, "a million") == rounds * perRound)
        }
    }
}
