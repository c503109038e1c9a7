// What could go wrong: bytes near those that were kept (see KeptCasesTests) stop or fool the
// program. A small, reproducible stand-in for `make fuzz` where there is no libFuzzer: kept inputs
// with a few bytes changed, cut, doubled or joined.
//
// TALLYLOG_FUZZ_ROUNDS (default 10) is how many are tried of each target, TALLYLOG_SEED where they
// begin. Each is written to a file before it is tried, which a crash leaves behind: the tests'
// output names it.
import Foundation
import FuzzTargets
import TestSupport
import Testing

/// Of the same suite, since targets are for one thread.
extension KeptCasesTests {
    @Test(arguments: KeptCases.targets)
    func neighboursOfKeptInputsPass(target: FuzzTarget) throws {
        let kept = try KeptCases.inputs(of: target)
        let seed = Amount.seed
        var random = SeededGenerator(seed: seed)
        let file = FileManager.default.temporaryDirectory
            .appending(path: "tallylog-fuzz-\(target.rawValue)-\(UUID().uuidString)")
        for round in 0..<Amount.of("TALLYLOG_FUZZ_ROUNDS", 10) {
            let bytes = Self.mutated(kept, &random)
            try Data(bytes).write(to: file)
            if round == 0 { print("seed \(seed), \(target.rawValue): \(file.path)") }
            target.run(bytes)
        }
        try FileManager.default.removeItem(at: file)
    }

    private static func mutated(
        _ kept: [[UInt8]], _ random: inout SeededGenerator
    ) -> [UInt8] {
        var bytes = random.pick(kept)
        for _ in 0...random.below(4) {
            let place = random.below(bytes.count + 1)
            switch random.below(6) {
            case 0: bytes.insert(UInt8(random.below(256)), at: place)
            case 1 where place < bytes.count: bytes[place] ^= 1 << UInt8(random.below(8))
            case 2 where place < bytes.count: bytes[place] = random.pick([0, 1, 0x7f, 0x80, 0xff])
            case 3: bytes.removeLast(min(bytes.count - place, random.below(8)))
            case 4: bytes.insert(contentsOf: bytes[place...].prefix(random.below(16)), at: place)
            default: bytes += random.pick(kept).suffix(random.below(40))
            }
        }
        return bytes
    }
}
