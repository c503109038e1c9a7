import DiskSimulation
import Foundation
import Glibc
import TestSupport

/// A recorded run of the workload, and the checking of what a power cut leaves of it.
final class CutTrial: Sendable {
    /// Holds the watched directory `store`'s parent, and traces beside it.
    private let place: TemporaryDirectory
    let seed: UInt64
    let calls: [RecordedCall]
    /// What is watched: the store is in it.
    let directory: String

    init(seed: UInt64) throws {
        place = TemporaryDirectory(inMemory: true)
        self.seed = seed
        directory = place.subdirectory("data")
        let trace = place.path + "/trace"
        let ended = try TrialProgram.run(["record", directory, trace, "\(seed)"])
        guard ended.code == 0, ended.lines.last == "done" else {
            throw CutStore.UnexpectedReply(text: "seed \(seed): \(ended)")
        }
        calls = try RecordedCall.all(inFile: trace)
    }

    /// Between which calls the power may go: behind each that may have changed something.
    var boundaries: [Int] {
        calls.indices.filter { place in
            switch calls[place].kind {
            case .close, .reopen: false
            case .open: calls[place].number & UInt64(O_CREAT) != 0
            default: true
            }
        }.map { $0 + 1 }
    }

    func replay() -> TraceReplay { TraceReplay(SimulatedDisk(), directory: directory) }

    /// Files that the trace does not give as they really are. LMDB's table of readers is mapped,
    /// and begins anew with every first opening.
    func differingFiles() throws -> [String] {
        var replay = replay()
        for call in calls { try replay.make(call) }
        var real: Set<String> = []
        let walk = FileManager.default.enumerator(atPath: directory)
        while let name = walk?.nextObject() as? String {
            if walk?.fileAttributes?[.type] as? FileAttributeType == .typeRegular {
                real.insert("/" + name)
            }
        }
        let differing = Set(replay.disk.filePaths).symmetricDifference(real)
        let same = real.subtracting(differing).filter { !$0.hasSuffix("/lock.mdb") }
        return try differing.sorted()
            + same.sorted().filter { name in
                let bytes = [UInt8](try Data(contentsOf: URL(filePath: directory + name)))
                return replay.disk.contents(of: name) != bytes
            }
    }

    /// Checks what a power cut has left.
    /// - Returns: findings whose sentences begin with `what`.
    func findings(
        of image: SimulatedDisk, _ known: ClosedRange<Int>, withRule: Bool, _ what: String
    ) throws -> ImageCheck.Findings {
        let scratch = TemporaryDirectory(inMemory: true)
        try image.export(to: scratch.path)
        let check = ImageCheck(known: known, withRule: withRule, seed: seed)
        let kept = Amount.failures.map { $0 + "/" + what.replacing(" ", with: "-") }
        // LMDB may end the process: then this file is left, and what it names.
        if let kept { try Data(scratch.path.utf8).write(to: URL(filePath: kept + ".under-way")) }
        var findings = check.findings(in: scratch.path + "/store")
        if let kept { unlink(kept + ".under-way") }
        if !findings.problems.isEmpty, let kept {
            mkdir(kept, 0o700)
            try image.export(to: kept)
            try? FileManager.default.copyItem(
                atPath: place.path + "/trace", toPath: kept + "/trace")
        }
        findings.problems = findings.problems.map { "\(what): \($0)" }
        return findings
    }

    /// The four kinds of what is left: two that there is one of, then the two of chance in turn.
    static func choice(_ number: Int, seed: UInt64) -> CrashChoice {
        switch number {
        case 0: .nothingUnsynced
        case 1: .everything
        default: number % 2 == 0 ? .random(seed: seed) : .torn(seed: seed)
        }
    }
}
