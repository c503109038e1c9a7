import Foundation
import Model
import Synchronization
import TestSupport
import Testing

@testable import Rollup

// Ids could depend on anything but the order of interning, two names could share one, the growing
// index could lose names, and a reader on another thread could see an id before its text.
@Suite struct NameTableTests {
    @Test(arguments: 1...3) func idsAreDenseInOrderOfFirstInterning(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let table = NameTable()
        var model: [[UInt8]: UInt32] = [:]
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...24, using: &random)
            let name = (0..<length).map { _ in UInt8.random(in: 97...100, using: &random) }
            let known = model[name]
            #expect(table.id(.user, name) == known, "seed \(seed)")
            let id = table.intern(.user, name)
            #expect(id == known ?? UInt32(model.count + 1), "seed \(seed)")
            model[name] = id
        }
        #expect(table.count(.user) == model.count)
        #expect(model.allSatisfy { table.text(.user, $1) == $0 && table.id(.user, $0) == $1 })
        #expect(table.count(.package) == 0 && table.id(.package, [97]) == nil)
        let long = [UInt8](repeating: 65, count: Limits.nameBytesMax)
        let id = table.intern(.user, long)
        #expect(table.text(.user, id) == long)
    }

    @Test(arguments: [1, 47, 48, 49, 5_000]) func appendedNamesAreThoseThatWereInterned(count: Int)
    {
        let interned = NameTable()
        let appended = NameTable()
        let names = (0..<count).map { Array("a.b.c.\($0 % 7).\($0)".utf8) }
        for name in names {
            let id = unsafe name.withUnsafeBytes { unsafe appended.append(.topic, $0) }
            #expect(id == interned.intern(.topic, name))
        }
        #expect(appended.indexAppended())
        // Others come behind them.
        for name in names + [Array("one.more".utf8), Array("and.another".utf8)] {
            #expect(appended.intern(.topic, name) == interned.intern(.topic, name))
        }
        #expect(appended.counts() == interned.counts() && appended.agrees(with: interned))
    }

    @Test func aNameThatIsAppendedTwiceIsNoticed() {
        let table = NameTable()
        for name in (0..<100).map({ Array("name \($0 % 99)".utf8) }) {
            _ = unsafe name.withUnsafeBytes { unsafe table.append(.user, $0) }
        }
        #expect(!table.indexAppended())
    }

    @Test func readersSeeWholeNamesWhileOneThreadInterns() {
        let table = NameTable()
        let done = Atomic<Bool>(false)
        let wrong = Atomic<Int>(0)
        let seen = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 3) { worker in
            if worker == 0 {
                for index in 0..<60_000 {
                    table.intern(.topic, Array("a.b.c.\(index % 7).\(index)".utf8))
                }
                done.store(true, ordering: .releasing)
                return
            }
            var random = SeededGenerator(seed: UInt64(worker))
            while true {
                let ended = done.load(ordering: .acquiring)
                let index = Int.random(in: 0..<60_000, using: &random)
                let name = Array("a.b.c.\(index % 7).\(index)".utf8)
                if let id = table.id(.topic, name) {
                    let category = table.text(.category, table.category(ofTopic: id))
                    let right =
                        table.text(.topic, id) == name && Int(id) == index + 1
                        && category == Array("\(index % 7)".utf8)
                    wrong.add(right ? 0 : 1, ordering: .relaxed)
                    seen.add(1, ordering: .relaxed)
                } else if ended {
                    wrong.add(1, ordering: .relaxed)
                }
                if ended { break }
            }
        }
        #expect(wrong.load(ordering: .relaxed) == 0)
        #expect(seen.load(ordering: .relaxed) > 0)
    }
}
