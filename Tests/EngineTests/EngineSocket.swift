import Engine
import Envelope
import Logging
import Model
import Query
import Server
import TestSupport

/// An engine's socket, and one client at it.
struct EngineSocket {
    private let server: SocketServer
    private let client: RawClient

    /// - Parameter isNewer: the client speaks RESP3.
    init(_ engine: Engine, path: String, isNewer: Bool) async throws {
        var logger = Logger(label: "tests")
        logger.logLevel = .critical
        let handler = EngineHandler(engine, profile: .ofTests, rejected: { _, _ in })
        server = SocketServer(path: path, handler: handler, holdsDataLock: true, logger: logger)
        try await server.start()
        client = try RawClient(path)
        if isNewer { _ = try client.ask("HELLO 3") }
    }

    /// The reply to a request.
    func ask(_ words: [String]) throws -> Reply? {
        var request = "*\(words.count)\r\n"
        for word in words { request += "$\(word.utf8.count)\r\n\(word)\r\n" }
        try client.send(request)
        return try client.reply()
    }

    func close() async throws { try await server.shutdown() }
}
