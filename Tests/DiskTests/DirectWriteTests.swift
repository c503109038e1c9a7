// What could go wrong: what was written past the page cache is not what readers find, or covers
// what was written through it (and the other way round); a file system that refuses direct writes
// loses the bytes.

import Glibc
import Model
import TestSupport
import Testing

@testable import Disk

@Suite struct DirectWriteTests {
    /// Random ranges, large and small, aligned or not, from memory aligned or not, against a model.
    @Test func mixedWritesReadBackAsWritten() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let directory = TemporaryDirectory()
        let file = try PosixDisk().open(directory.path + "/f", .create)
        let size = 8 << 20
        var model = [UInt8](repeating: 0, count: size)
        try file.allocate(to: size)
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: size + 1, alignment: PageBuffer.alignment)
        defer { memory.deallocate() }
        for round in 0..<60 {
            let unit = [1, 512, 4_096].randomElement(using: &generator)!
            let offset = Int.random(in: 0..<size, using: &generator) / unit * unit
            let longest = Int.random(in: 1...(size - offset), using: &generator)
            let count = max(1, longest / unit) * min(unit, longest)
            let shift = Bool.random(using: &generator) ? 0 : 1
            let bytes = UnsafeMutableRawBufferPointer(rebasing: memory[shift..<shift + count])
            let first = UInt8.random(in: .min ... .max, using: &generator)
            for place in bytes.indices { bytes[place] = first &+ UInt8(truncatingIfNeeded: place) }
            try file.write(UnsafeRawBufferPointer(bytes), at: offset)
            model.replaceSubrange(offset..<offset + count, with: bytes)
            if round % 7 == 0 { try file.synchronize() }
            let from = Int.random(in: 0..<size, using: &generator)
            let length = Int.random(in: 0...min(300_000, size - from), using: &generator)
            #expect(
                try read(file, from, length) == Array(model[from..<from + length]), "seed \(seed)")
        }
        #expect(try read(file, 0, size) == model, "seed \(seed)")
    }

    /// What a device with larger blocks answers, brought about by memory that is not aligned.
    @Test func refusedWritesGoThroughTheCache() throws {
        let directory = TemporaryDirectory()
        let file = try PosixDisk().open(directory.path + "/f", .create) as! PosixFile
        let own = open(directory.path + "/f", O_RDWR)
        defer { close(own) }
        let count = Limits.directWriteBytesMin
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: count + 1, alignment: PageBuffer.alignment)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 7)
        let aligned = UnsafeRawBufferPointer(rebasing: memory[..<count])
        let askew = UnsafeRawBufferPointer(rebasing: memory[1...])
        #expect(DirectWrites.suits(aligned, at: 0))
        #expect(!DirectWrites.suits(askew, at: 0))
        #expect(!DirectWrites.suits(aligned, at: 100))
        let before = try file.directWrites.write(aligned, at: 0, of: own, file.path)
        #expect(before == 0 || before == count)
        if before == count {
            #expect(try file.directWrites.write(askew, at: 0, of: own, file.path) == 0)
            #expect(try file.directWrites.write(aligned, at: 0, of: own, file.path) == 0)
        }
        try file.write(aligned, at: 512)
        #expect(try read(file, 512, count) == Array(aligned))
    }

    private func read(_ file: any DiskFile, _ offset: Int, _ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: offset) }
        #expect(got == count)
        return bytes
    }
}
