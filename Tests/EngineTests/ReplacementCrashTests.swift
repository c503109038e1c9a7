// What could go wrong: a kill or a power cut while the rollups are replaced leaves two directories,
// or none under the right name, and the next opening serves half a copy, computes what was there,
// refuses the store, or leaves files behind for ever.
import Engine
import Foundation
import TestSupport
import Testing

@Suite struct ReplacementCrashTests {
    private static let messages: UInt64 = 500

    /// What a crash has left of a replacement.
    enum Leftover: CaseIterable {
        /// The new rollups were being written.
        case halfMade
        /// They were made, even an entry of the first rename was not.
        case made
        /// The first rename is done, the second is not.
        case betweenTheRenames
        /// The old ones are left, and nothing else.
        case oldAlone
        /// Both renames are done, the old ones not removed.
        case renamed
        /// The old ones are removed in part.
        case renamedAndHalfRemoved
        /// A verification was killed too.
        case verified
    }

    /// Those that must be served without being computed are all but none.
    @Test(arguments: Leftover.allCases)
    func theNextOpeningHasOldOnesOrNewOnes(_ leftover: Leftover) throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        try autoclosing(try Engine(directory: store, options: smallOptions())) { engine in
            try NumberedMessages.append(1...Int(Self.messages), to: engine)
        }
        try leave(leftover, in: store)
        try autoclosing(try Engine(directory: store, options: smallOptions())) { engine in
            #expect(engine.progress.counters.watermark == Self.messages)
            #expect(try rollupDirectories(of: store) == ["rollups"])
            #expect(NumberedMessages.check(engine, "\(leftover)") == Int(Self.messages))
            let report = try engine.verify()
            #expect(report.isSound)
            // The next replacement finds its place free.
            try engine.compact()
            let watermark = try engine.rebuild()
            #expect(watermark == Self.messages)
        }
    }

    /// Beyond what a crash can do: both are gone.
    @Test func withoutBothTheyAreComputed() throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        try autoclosing(try Engine(directory: store, options: smallOptions())) { engine in
            try NumberedMessages.append(1...Int(Self.messages), to: engine)
        }
        let files = FileManager.default
        try files.moveItem(atPath: store + "/rollups", toPath: store + "/rollups.old")
        try files.removeItem(atPath: store + "/rollups.old/data.mdb")
        try autoclosing(try Engine(directory: store, options: smallOptions())) { engine in
            #expect(engine.progress.counters.watermark == 0)
            #expect(NumberedMessages.check(engine, "computed") == Int(Self.messages))
            let report = try engine.verify()
            #expect(report.isSound)
        }
        #expect(try rollupDirectories(of: store) == ["rollups"])
    }

    /// A rebuild of a closed store goes by what the next opening would serve.
    @Test(arguments: Leftover.allCases)
    func aRebuildAfterACrashIsRight(_ leftover: Leftover) throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        try autoclosing(try Engine(directory: store, options: smallOptions())) { engine in
            try NumberedMessages.append(1...Int(Self.messages), to: engine)
        }
        try leave(leftover, in: store)
        let watermark = try Engine.rebuild(directory: store, options: smallOptions())
        #expect(watermark == Self.messages)
        #expect(try rollupDirectories(of: store) == ["rollups"])
    }

    private func leave(_ leftover: Leftover, in store: String) throws {
        let files = FileManager.default
        let (served, next, old) = (
            store + "/rollups", store + "/rollups.new", store + "/rollups.old"
        )
        switch leftover {
        case .halfMade:
            try files.createDirectory(atPath: next, withIntermediateDirectories: false)
            let whole = try Data(contentsOf: URL(fileURLWithPath: served + "/data.mdb"))
            try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: next + "/data.mdb"))
        case .made:
            try files.copyItem(atPath: served, toPath: next)
        case .betweenTheRenames:
            try files.copyItem(atPath: served, toPath: next)
            try files.moveItem(atPath: served, toPath: old)
        case .oldAlone:
            try files.moveItem(atPath: served, toPath: old)
        case .renamed:
            try files.copyItem(atPath: served, toPath: old)
        case .renamedAndHalfRemoved:
            try files.copyItem(atPath: served, toPath: old)
            try files.removeItem(atPath: old + "/data.mdb")
        case .verified:
            try files.copyItem(atPath: served, toPath: store + "/rollups.verify")
            try files.createDirectory(atPath: next, withIntermediateDirectories: false)
        }
    }
}
