import Foundation

/// A program below `python/`, run by the system's Python against the built command.
struct PythonProgram {
    /// Debian's interpreter, whose packages `make test` installs.
    private static let interpreter = "/usr/bin/python3"

    /// Why the programs cannot be run here; nil where they can.
    static let obstacle: String? = {
        guard FileManager.default.isExecutableFile(atPath: interpreter) else {
            return "\(interpreter) is absent; 'make test-packages' installs it"
        }
        let check = Process()
        check.executableURL = URL(filePath: interpreter)
        check.arguments = ["-c", "import cryptography, hiredis, lmdb, redis, zmq, zstandard"]
        check.standardError = FileHandle.nullDevice
        do { try check.run() } catch { return "\(interpreter) does not start: \(error)" }
        check.waitUntilExit()
        return check.terminationStatus == 0
            ? nil : "a Python package is absent; 'make test-packages' installs it"
    }()

    /// The command, which the build puts beside the tests; nil where it is not there.
    static let command: URL? = {
        let built = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "tallylog")
        return FileManager.default.isExecutableFile(atPath: built.path) ? built : nil
    }()

    /// Limits of time that only a program that runs alone is held to, widened: the other tests run
    /// beside it.
    private static let patience = ["TALLYLOG_HOSTILE_P99": "1000"]

    var name: String

    /// Runs the program to its end.
    /// - Returns: its exit code, and the end of what it wrote.
    func run(_ command: URL) async throws -> (code: Int32, output: String) {
        let output = FileManager.default.temporaryDirectory
            .appending(path: "tallylog-\(name)-\(UUID().uuidString).out")
        try Data().write(to: output)
        defer { try? FileManager.default.removeItem(at: output) }
        let handle = try FileHandle(forWritingTo: output)
        let process = Process()
        process.executableURL = URL(filePath: Self.interpreter)
        process.arguments = [
            "-B",
            URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "python/\(name).py").path,
            command.path,
        ]
        process.environment = Self.patience.merging(ProcessInfo.processInfo.environment) { $1 }
        process.standardOutput = handle
        process.standardError = handle
        let code = try await withCheckedThrowingContinuation {
            (done: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { done.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { done.resume(throwing: error) }
        }
        try handle.close()
        return (code, String(decoding: try Data(contentsOf: output).suffix(6_000), as: UTF8.self))
    }
}
