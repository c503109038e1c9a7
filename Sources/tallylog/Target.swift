import ArgumentParser
import Client
import Engine
import Envelope
import Query
import Server

/// Whom a command asks: a server by its socket, or a store that nobody serves.
struct Target: ParsableArguments {
    @Option(help: .init("The socket of a running server.", valueName: "path"))
    var socket: String?

    @Option(help: .init("A data directory; its server is asked if one runs.", valueName: "dir"))
    var data: String?

    mutating func validate() throws {
        guard socket == nil && data == nil else { return }
        socket = Terminal.variable("TALLYLOG_SOCKET")
        data = Terminal.variable("TALLYLOG_DATA")
        if socket == nil && data == nil { throw Self.noStore }
    }

    static let noStore = ValidationError(
        "Name a store: --socket PATH of its server, or --data DIR; "
            + "TALLYLOG_SOCKET and TALLYLOG_DATA in the environment do as well.")

    /// Asks, and returns the reply. An error reply is thrown.
    func ask(_ words: [String]) throws -> Reply {
        let reply = try answer(words.map { Array($0.utf8) })
        if case .error(let text) = reply { throw CommandFailure(protocolError: text) }
        return reply
    }

    /// Connects to the server, which there must be.
    func connect() throws -> SocketClient { try SocketClient(path: socketPath) }

    /// Where the server listens, if one runs.
    var socketPath: String { socket ?? StoreDirectory.socket(of: data ?? ".") }

    /// Connects to the server that there is to be asked: one that was named by its socket, or
    /// that of the data directory, if it runs.
    func runningServer() throws -> SocketClient? {
        if let socket { return try SocketClient(path: socket) }
        guard let data else { throw CommandFailure("no store is named") }
        return try? SocketClient(path: StoreDirectory.socket(of: data))
    }

    private func answer(_ words: [[UInt8]]) throws -> Reply {
        if let client = try runningServer() { return try client.ask(words) }
        guard let data else { throw CommandFailure("no store is named") }
        let engine = try StoreDirectory.open(existing: data)
        defer { StoreDirectory.letGo(engine) }
        let reply = Self.answer(words, from: engine)
        try StoreDirectory.close(engine)
        return reply
    }

    private static func answer(_ words: [[UInt8]], from engine: Engine) -> Reply {
        do {
            // Nothing is appended, so that no names are looked for.
            let handler = EngineHandler(engine, profile: .none, rejected: { _, _ in })
            let request = try RequestParser.parse(Words(words), now: WallClock.now)
            switch request {
            case .question, .explain, .gaps, .checkpoint, .compact, .rebuild, .backup,
                .rollup:
                return handler.answer(request).spelledOut
            case .info(let sections):
                return handler.infoReply(sections: sections)
            default:
                return .error("ERR this needs a running server; start 'tallylog serve'")
            }
        } catch {
            return error.reply
        }
    }
}

/// What went wrong, as the command line says it.
struct CommandFailure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }

    /// An error reply, without the word that begins it.
    init(protocolError text: String) {
        let code = ["ERR ", "GONE "].first { text.hasPrefix($0) } ?? ""
        description = String(text.dropFirst(code.count))
    }
}
