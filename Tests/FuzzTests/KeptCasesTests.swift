// What could go wrong: bytes that once stopped or fooled the program do so again. `make fuzz` looks
// for new ones; here every input that it kept (Fuzz/Cases) is tried again. A trap ends the whole
// run: the last lines of the output have its sentence, and `Fuzz/run.sh 1 TARGET` the input.
import Foundation
import FuzzTargets
import Testing

/// The inputs below `Fuzz/Cases`.
enum KeptCases {
    /// Those that are quick enough without the optimizer; `make fuzz` runs all.
    static let targets: [FuzzTarget] = [
        .envelope, .columns, .journal, .archive, .request, .reply, .configuration, .query,
    ]

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fuzz/Cases")

    /// In the order of their names.
    static func inputs(of target: FuzzTarget) throws -> [[UInt8]] {
        let folder = folder.appending(path: target.rawValue)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return try names.sorted().map {
            Array(try Data(contentsOf: folder.appending(path: $0)))
        }
    }
}

@Suite(.serialized) struct KeptCasesTests {
    @Test(arguments: KeptCases.targets)
    func keptInputsPass(target: FuzzTarget) throws {
        let inputs = try KeptCases.inputs(of: target)
        #expect(inputs.count >= 10, "\(target) has inputs to be tried")
        for input in inputs { target.run(input) }
    }

    /// Edges that no one needs to keep in a file.
    @Test(arguments: KeptCases.targets)
    func shortInputsPass(target: FuzzTarget) {
        for bytes in [[], [0], [1], [2], [3], [0xff], Array(repeating: 0xff, count: 40)]
            as [[UInt8]]
        {
            target.run(bytes)
        }
    }

    @Test func theCanaryIsFound() async {
        await #expect(processExitsWith: .failure) {
            FuzzTarget.canary.run(Array("chirp, chirp".utf8))
        }
    }
}
