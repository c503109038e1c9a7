import Foundation
import Logging
import Query
import Server

/// A server with an engine in memory, in a directory of its own.
struct TestServer {
    let directory: String
    let path: String
    let engine: FakeEngine
    let server: SocketServer

    static func makeDirectory() throws -> String {
        let directory = "/tmp/tallylog-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700])
        return directory
    }

    static func start(
        limits: ServerLimits = ServerLimits(), roles: RoleTable = .ownUserOnly,
        mode: UInt32 = 0o600,
        burst: Duration = .milliseconds(2)
    ) async throws -> TestServer {
        let directory = try makeDirectory()
        let path = directory + "/socket"
        let engine = FakeEngine(burst: burst)
        let server = SocketServer(
            path: path, mode: mode, roles: roles, handler: engine, limits: limits,
            holdsDataLock: true, logger: quiet)
        try await server.start()
        return TestServer(directory: directory, path: path, engine: engine, server: server)
    }

    static var quiet: Logger {
        var logger = Logger(label: "tests")
        logger.logLevel = .critical
        return logger
    }

    func stop() async throws {
        try await server.shutdown()
        engine.stop()
        try FileManager.default.removeItem(atPath: directory)
    }

    /// Runs `body` with a server, and stops it whatever happens.
    static func with(
        limits: ServerLimits = ServerLimits(), roles: RoleTable = .ownUserOnly,
        mode: UInt32 = 0o600,
        burst: Duration = .milliseconds(2), _ body: (TestServer) async throws -> Void
    ) async throws {
        let server = try await start(limits: limits, roles: roles, mode: mode, burst: burst)
        do {
            try await body(server)
        } catch {
            try await server.stop()
            throw error
        }
        try await server.stop()
    }
}

/// Runs a program. - Returns: its exit code and all its output.
func run(
    _ program: String, _ arguments: [String], input: String = ""
) async throws -> (code: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let inward = Pipe()
    let outward = Pipe()
    process.standardInput = inward
    process.standardOutput = outward
    process.standardError = outward
    try process.run()
    inward.fileHandleForWriting.write(Data(input.utf8))
    try inward.fileHandleForWriting.close()
    let output = outward.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}
