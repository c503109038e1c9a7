import Foundation

/// The program `TrialProgram`, which the build puts beside the tests.
struct TrialProgram {
    struct Ended {
        /// Nil where a signal has ended it.
        var code: Int32?
        var lines: [Substring]

        func last(_ word: String) -> Int {
            lines.last { $0.hasPrefix(word + " ") }
                .flatMap { Int($0.dropFirst(word.count + 1)) } ?? 0
        }
    }

    static let path = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "TrialProgram")

    /// Runs it to its end, or to its death after so many seconds.
    static func run(_ words: [String], seconds: Double = 60) throws -> Ended {
        let process = Process()
        process.executableURL = path
        process.arguments = words
        // A crash may be expected, and a trace of it takes seconds.
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["SWIFT_BACKTRACE": "enable=no"], uniquingKeysWith: { $1 })
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let patience = DispatchWorkItem { process.terminate() }
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds, execute: patience)
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        patience.cancel()
        return Ended(
            code: process.terminationReason == .exit ? process.terminationStatus : nil,
            lines: String(decoding: output, as: UTF8.self).split(separator: "\n"))
    }
}
