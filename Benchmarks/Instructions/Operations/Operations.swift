// Runs one operation so many times, for callgrind to count its instructions.
//
//     Operations NAME TIMES
//     Operations                 the names
//
// What it takes to get ready is the same for any number of times: the difference of two runs is
// what the operations cost. The same times give the same work, whenever it is run.

@main
enum Operations {
    /// Gets ready, and returns what is to be measured.
    typealias Preparation = @Sendable () throws -> (_ times: Int) throws -> Void

    static let all: [(name: String, prepare: Preparation)] =
        LogOperations.all + EnvelopeOperations.all + RollupOperations.all + QueryOperations.all

    static func main() throws {
        let words = CommandLine.arguments
        guard words.count == 3, let times = Int(words[2]),
            let operation = all.first(where: { $0.name == words[1] })
        else { return print(all.map(\.name).joined(separator: "\n")) }
        try operation.prepare()(times)
    }
}

/// Keeps the optimizer from leaving out what nobody looks at.
@inline(never) @_optimize(none)
func use<Value>(_ value: Value) {}
