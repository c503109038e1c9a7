// What could go wrong: a reader sees part of a commit, or a commit made after it began; a reader
// handed to another thread breaks; the reader limit is not an error in words; a dead process's
// slot is never freed.

import Glibc
import Synchronization
import TestSupport
import Testing

@testable import LMDB

@Suite struct IsolationTests {
    @Test func aReaderKeepsItsSnapshotWhileTheWriterCommits() throws {
        let directory = TemporaryDirectory()
        let environment = try Environment.open(path: directory.path, mapBytes: 64 << 20)
        var before = try environment.beginWrite()
        for number in 0..<500 { try before.put([UInt8(number >> 8), UInt8(number & 255)], [0]) }
        try before.commit()

        let reader = try environment.beginRead()
        for round in 1...20 as ClosedRange<UInt8> {
            var writer = try environment.beginWrite()
            for number in 0..<500 {
                try writer.put([UInt8(number >> 8), UInt8(number & 255)], [round])
            }
            try writer.delete([0, round])
            let inside = try environment.beginRead()
            #expect(try inside.get([1, 1]).map { Array($0) } == [round - 1])
            try writer.commit()
        }
        var seen = 0
        try reader.forEach { _, value in
            #expect(Array(value) == [0])
            seen += 1
            return true
        }
        #expect(seen == 500)
        #expect(try environment.beginRead().get([0, 20]) == nil)
    }

    /// Every commit writes one number under all keys, so a reader must find one number only.
    @Test func concurrentReadersSeeWholeCommits() async throws {
        let directory = TemporaryDirectory()
        let environment = try Environment.open(path: directory.path, mapBytes: 64 << 20)
        let progress = Progress()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    var last: UInt8 = 0
                    while !progress.done.load(ordering: .acquiring) {
                        let values = try distinctValues(environment)
                        #expect(values.count <= 1)
                        #expect(values.first ?? 0 >= last)
                        last = values.first ?? 0
                        progress.views.add(1, ordering: .relaxed)
                        await Task.yield()
                    }
                }
            }
            group.addTask {
                defer { progress.done.store(true, ordering: .releasing) }
                for round in 1...200 as ClosedRange<UInt8> {
                    var writer = try environment.beginWrite()
                    for key in 0..<200 as Range<UInt8> { try writer.put([key], [round]) }
                    try writer.commit()
                }
            }
            try await group.waitForAll()
        }
        #expect(progress.views.load(ordering: .relaxed) > 0)
        #expect(try distinctValues(environment) == [200])
    }

    @Test func tooManyReadersAreRefusedInWords() throws {
        let directory = TemporaryDirectory()
        let environment = try Environment.open(
            path: directory.path, mapBytes: 1 << 20, readersMax: 2)
        let first = try environment.beginRead()
        do {
            let second = try environment.beginRead()
            let refusal = #expect(throws: LMDBError.self) {
                _ = try environment.beginRead().identifier
            }
            #expect(refusal?.description.contains("too many readers") == true)
            #expect(second.identifier == first.identifier)
        }
        #expect(try environment.beginRead().identifier == first.identifier)
    }
}

private final class Progress: Sendable {
    let done = Atomic<Bool>(false)
    let views = Atomic<Int>(0)
}

private func distinctValues(_ environment: Environment) throws -> Set<UInt8> {
    var values: Set<UInt8> = []
    try environment.beginRead().forEach { _, value in
        values.insert(value[0])
        return true
    }
    return values
}
