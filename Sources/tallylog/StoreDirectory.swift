import ArgumentParser
import Disk
import Engine
import Glibc
import MessageLog
import Model

/// The store of a command that works on its directory.
struct StoreOption: ParsableArguments {
    @Option(name: .customLong("data"), help: .init("The data directory.", valueName: "dir"))
    var directory: String?

    mutating func validate() throws {
        directory = directory ?? Terminal.variable("TALLYLOG_DATA")
        guard directory != nil else {
            throw ValidationError(
                "Name the data directory: --data DIR, or TALLYLOG_DATA in the environment.")
        }
    }

    /// The directory's path.
    var data: String { directory ?? "." }
}

/// Opening and closing a store for a command, with words and exit codes for what can go wrong.
enum StoreDirectory {
    /// Opens a store, making it where there is none.
    static func open(
        _ path: String, retention: Retention = .none, servesDamaged: Bool = false
    ) throws -> Engine {
        do {
            var options = Engine.Options()
            options.log.retention = retention
            if servesDamaged { options.servesDamaged() }
            return try Engine(directory: path, options: options)
        } catch {
            let status = explained(error)
            if error.isFullDisk {
                Terminal.complain(
                    "'tallylog serve --damaged=serve' answers meanwhile, and writes nothing")
            }
            throw status
        }
    }

    /// Opens a store that must exist.
    static func open(existing path: String) throws -> Engine {
        try requireStore(at: path)
        return try open(path)
    }

    /// Where the server of a data directory listens, unless it is told otherwise.
    static func socket(of data: String) -> String { data + "/tallylog.sock" }

    /// A path as another process understands it, wherever that one works.
    static func wholePath(_ path: String) -> String {
        guard !path.hasPrefix("/"), let here = unsafe getcwd(nil, 0) else { return path }
        defer { unsafe free(here) }
        return unsafe String(cString: here) + "/" + path
    }

    /// A question or a check must not make a store where a path is misspelt.
    static func requireStore(at path: String) throws {
        guard access(path + "/log", F_OK) == 0 else {
            throw CommandFailure("no store at \(path); 'tallylog serve' or 'import' makes one")
        }
    }

    static func close(_ engine: Engine) throws {
        do { try engine.close() } catch { throw explained(error) }
    }

    /// To be deferred by who opens a store, for what is thrown in between: threads that still run
    /// when the process exits would meet what that takes apart. Nothing, once the store is closed.
    static func letGo(_ engine: Engine) {
        do { try engine.close() } catch { Terminal.complain("\(error)") }
    }

    /// Prints why, and turns it into an exit code.
    static func explained(_ error: EngineError) -> any Error {
        Terminal.complain("\(error)")
        switch error {
        case .held: return ExitStatus.held
        case .logLost, .namesDiffer, .log(.damaged): return ExitStatus.damaged
        case .log(.poisoned): return ExitStatus.flushFailed
        case .log, .directory, .rollup, .noLog, .notEmpty, .checkpoint, .compaction, .rule, .closed:
            return ExitStatus.failed
        }
    }
}
