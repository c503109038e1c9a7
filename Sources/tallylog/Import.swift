import ArgumentParser
import Client
import Engine
import Envelope
import Feed
import Glibc
import Model
import Query

/// Reads messages from a file of JSON lines into a store.
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Appends the messages of a file, one envelope of JSON a line",
        discussion: """
            Messages that the store already has are counted and skipped, so an import that was \
            cut short is resumed by running it again. Refused lines are counted, and kept in \
            rejected.jsonl in the data directory.
            """)

    @OptionGroup var target: Target
    @OptionGroup var naming: ProfileOptions
    @Argument(help: "The file, or - for standard input.")
    var file: String

    mutating func run() throws {
        let lines = try LineReader(path: file)
        let meter = ProgressMeter(total: lines.totalBytes)
        let counts: ImportCounts
        if let socket = servedSocket {
            guard naming.profile == nil, naming.aliases == nil else {
                throw ValidationError(
                    "The server at \(socket) has a profile and aliases of its own.")
            }
            counts = try SocketImport(path: socket).run(lines, meter)
        } else if let data = target.data {
            counts = try importDirectly(data, try naming.load(), lines, meter)
        } else {
            throw Target.noStore
        }
        meter.finish()
        Terminal.print(lines: [
            "\(counts.appended) appended, \(counts.duplicate) known already, "
                + "\(counts.rejected) rejected"
        ])
        if counts.rejected > 0 && counts.appended + counts.duplicate == 0 {
            throw CommandFailure(
                "no line of \(file) is a message, as 'tallylog rejected' shows; accepted: an "
                    + "envelope of JSON a line")
        }
    }

    /// The socket to import through: the one that was named, or that of the directory's server.
    private var servedSocket: String? {
        if let socket = target.socket { return socket }
        guard let data = target.data else { return nil }
        let path = StoreDirectory.socket(of: data)
        return (try? SocketClient(path: path)) == nil ? nil : path
    }

    private static let batchBytes = 4 << 20
    /// The last message goes beyond the size.
    private static let batchCapacity = batchBytes + (64 << 10)

    private func importDirectly(
        _ directory: String, _ profile: Profile, _ lines: LineReader, _ meter: ProgressMeter
    ) throws -> ImportCounts {
        let engine = try StoreDirectory.open(directory)
        defer { StoreDirectory.letGo(engine) }
        let rejected = try RejectedFile(path: directory + "/rejected.jsonl")
        let parser = EnvelopeParser(profile: profile)
        let failure = Monitor<EngineError?>(nil)
        var batch = RecordBatch(capacity: Self.batchCapacity)
        let flush = { (batch: inout RecordBatch) in
            engine.append(batch, waitsForSpace: true) { result in
                if case .failure(let error) = result { failure.withLock { $0 = error } }
            }
            batch = RecordBatch(capacity: Self.batchCapacity)
        }
        while let line = try lines.next() {
            let arrival = WallClock.now
            let outcome = line.withUnsafeBytes {
                parser.append($0, frameTopic: nil, arrival: arrival, to: &batch)
            }
            if case .rejected(let rejection) = outcome {
                engine.accounting.reject(rejection.code)
                try rejected.append(
                    RejectedMessage(
                        reason: rejection, arrival: arrival, topic: [], envelope: Array(line)))
            }
            if batch.bytes.count >= Self.batchBytes {
                flush(&batch)
                meter.show(lines.readBytes, engine.accounting.counts.received)
                if failure.withLock({ $0 }) != nil { break }
            }
        }
        flush(&batch)
        try StoreDirectory.close(engine)
        if let failure = failure.withLock({ $0 }) { throw StoreDirectory.explained(failure) }
        let counts = engine.accounting.counts
        return ImportCounts(
            appended: counts.appended, duplicate: counts.duplicate, rejected: counts.rejected)
    }
}

/// What became of the lines of an import.
struct ImportCounts {
    var appended: UInt64 = 0
    var duplicate: UInt64 = 0
    var rejected: UInt64 = 0
}
