import ArgumentParser
import Client
import Engine
import MessageLog
import Query

/// Checks a store that nobody serves.
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reads the whole log again, and computes the rollups beside the kept ones",
        discussion: "Nobody may serve the store. Exit code 4 means damage; nothing is changed.")
    @OptionGroup var store: StoreOption

    mutating func run() throws {
        let engine = try StoreDirectory.open(existing: store.data)
        defer { StoreDirectory.letGo(engine) }
        let report: StoreReport
        var meter: ProgressMeter?
        do {
            // Each record is read twice: for the log, and for the rollups.
            report = try engine.verify { done, total in
                let shown = meter ?? ProgressMeter(total: total)
                shown.show(done, UInt64(done / 2))
                meter = shown
            }
        } catch { throw StoreDirectory.explained(error) }
        meter?.finish()
        try StoreDirectory.close(engine)
        Terminal.print(lines: [
            "\(report.log.segments) segments, \(report.log.records) records, "
                + "\(report.log.bytes) bytes of batches are as written",
            report.rollupsAreRight
                ? "the rollups are what the log gives"
                : "the rollups are not what the log gives: run "
                    + "'tallylog rebuild --data \(store.data)'",
        ])
        for damage in report.log.damage { Terminal.complain("\(damage)") }
        if !report.isSound { throw ExitStatus.damaged }
    }
}

/// Makes a damaged store whole.
struct Repair: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a damaged store whole, keeps damaged files aside, says what is lost",
        discussion: """
            Nobody may serve the store. What can be read stays, at its sequence; the rest becomes \
            gaps, which gap records in the log name. Damaged files stay in the log's directory, \
            their names begin with damaged-. A backup loses less: restore it where there is one.
            """)
    @OptionGroup var store: StoreOption

    mutating func run() throws {
        try StoreDirectory.requireStore(at: store.data)
        let report: RepairReport
        do { report = try Engine.repair(directory: store.data) } catch {
            throw StoreDirectory.explained(error)
        }
        let nothing = report.changedNothing ? ["nothing is damaged"] : []
        Terminal.print(
            lines: nothing + report.losses.map { "\($0)" } + report.kept.map { "kept: \($0)" }
                + report.made.map { "made anew: \($0)" })
    }
}

/// What a store takes on disk.
struct Stats: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what a store takes on disk, by kind, and how many names it knows")
    @OptionGroup var target: Target

    mutating func run() throws {
        let reply: Reply
        do { reply = try target.ask(["INFO", "storage"]) } catch {
            Terminal.complain("\(error)")
            throw ExitStatus.failed
        }
        guard case .bulk(let text) = reply else { throw ExitStatus.failed }
        let lines = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline)
        Terminal.print(
            lines: lines.filter { !$0.hasPrefix("#") }.map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                let name = parts[0].replacing("_", with: " ")
                let value = parts.count > 1 ? String(parts[1]) : ""
                return name + String(repeating: " ", count: max(1, 28 - name.count)) + value
            })
    }
}

/// Makes the rollups of a store again.
struct Rebuild: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Computes the rollups anew from the log",
        discussion: """
            A running server does it beside serving, and then puts the new ones in the place of \
            the old ones. Of a store that nobody serves, the old ones are dropped first, whatever \
            state they are in.
            """)
    @OptionGroup var target: Target

    mutating func run() throws {
        let server: SocketClient?
        do { server = try target.runningServer() } catch { throw Self.failed(error) }
        let watermark = try server.map(Self.rebuild(by:)) ?? rebuildUnserved()
        Terminal.print(lines: ["the rollups cover the log up to sequence \(watermark)"])
    }

    private static func rebuild(by server: SocketClient) throws -> UInt64 {
        do {
            switch try server.ask([Array("REBUILD".utf8)]) {
            case .integer(let watermark): return UInt64(watermark)
            case .error(let text): throw CommandFailure(protocolError: text)
            default: throw CommandFailure("the server's answer to REBUILD is no number")
            }
        } catch { throw failed(error) }
    }

    /// The store is not opened before its rollups are gone: they may be what keeps it from that.
    private func rebuildUnserved() throws -> UInt64 {
        guard let data = target.data else { throw Self.failed(CommandFailure("no store is named")) }
        try StoreDirectory.requireStore(at: data)
        do { return try Engine.rebuild(directory: data) } catch {
            throw StoreDirectory.explained(error)
        }
    }

    private static func failed(_ error: any Error) -> ExitCode {
        Terminal.complain("\(error)")
        return ExitStatus.failed
    }
}

/// Prints everything that a store's rollups hold.
struct Dump: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints every stored count by name, or the stored bytes",
        discussion: """
            By name, the same messages in any order print the same lines: kind, group, member, \
            bucket's start, count. With --physical, the same log prints the same bytes, in \
            hexadecimal: key and value of every entry.
            """)
    @OptionGroup var store: StoreOption
    @Flag(help: "Prints the stored bytes.")
    var physical = false

    mutating func run() throws {
        let engine = try StoreDirectory.open(existing: store.data)
        defer { StoreDirectory.letGo(engine) }
        do {
            _ = try engine.checkpoint()
            if physical {
                try printPhysical(engine)
            } else {
                var lines: [String] = []
                try engine.logicalDump { line in
                    lines.append(line)
                    if lines.count == 10_000 {
                        Terminal.print(lines: lines)
                        lines.removeAll(keepingCapacity: true)
                    }
                }
                if !lines.isEmpty { Terminal.print(lines: lines) }
            }
        } catch { throw StoreDirectory.explained(error) }
        try StoreDirectory.close(engine)
    }

    private func printPhysical(_ engine: Engine) throws(EngineError) {
        try engine.physicalDump { key, value in
            Terminal.print(lines: [hexadecimal(key) + " " + hexadecimal(value)])
        }
    }

    private func hexadecimal(_ bytes: UnsafeRawBufferPointer) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self)
    }
}

/// Makes a store of a backup.
struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a store of a backup, after reading and checking all of it",
        discussion: """
            The data directory is to be absent, or empty. Exit code 4 means that the backup is \
            damaged; nothing is copied then. The rollups are computed when the store is first \
            opened.
            """)
    @Argument(help: .init("The backup's directory.", valueName: "backup"))
    var backup: String
    @OptionGroup var store: StoreOption

    mutating func run() throws {
        do {
            let report = try Engine.restore(from: backup, to: store.data)
            Terminal.print(lines: [
                "the store has the messages up to sequence \(report.end): \(report.linked) files "
                    + "linked, \(report.copied) copied (\(report.copiedBytes) bytes)"
            ])
        } catch { throw StoreDirectory.explained(error) }
    }
}
