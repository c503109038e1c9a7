import Disk
import DiskSimulation
import MessageLog
import Model
import Synchronization
import TestSupport

/// A small log on a simulated disk, of which files are changed before it is opened.
enum LogImage {
    static let directory = "data/log"
    static let messages = (1...36).map { MadeUpMessage($0, choice: UInt64($0)) }

    /// A log that was killed: one journal of several batches.
    static let killed = files { log, disk in
        for first in stride(from: 0, to: 18, by: 3) {
            append(Array(messages[first..<first + 3]), to: log)
        }
        return disk
    }

    /// A log that was closed, all of its payloads in archives.
    static let archived = files { log, disk in
        append(messages, to: log)
        doing {
            while try log.compactNext(everything: true, isStopped: { false }) > 0 {}
            try log.close()
        }
        return disk
    }

    static func options(readOnly: Bool = false) -> LogOptions {
        let random = Mutex(SeededGenerator(seed: 1))
        return LogOptions(
            journalBytes: 16 << 10, segmentRecords: 24, blockRows: 8, readOnly: readOnly,
            randomWord: { random.withLock { $0.next() } })
    }

    /// The files of the log's directory, by name.
    private static func files(
        _ fill: (MessageLog, SimulatedDisk) -> SimulatedDisk
    ) -> [String: [UInt8]] {
        let disk = disk([:])
        return doing {
            let log = try MessageLog.open(disk, directory: directory, options: options())
            let filled = fill(log, disk)
            var files: [String: [UInt8]] = [:]
            for name in try filled.list(directory) {
                files[name] = filled.contents(of: directory + "/" + name)
            }
            return files
        }
    }

    /// What cannot fail, since nothing is damaged yet.
    static func doing<Result>(_ body: () throws -> Result) -> Result {
        do { return try body() } catch { preconditionFailure("\(error)") }
    }

    private static func append(_ messages: [MadeUpMessage], to log: MessageLog) {
        var outcomes: [AppendOutcome] = []
        doing { try log.append([MadeUpMessage.records(messages)], outcomes: &outcomes) }
    }

    /// A disk with these files in the log's directory.
    static func disk(_ files: [String: [UInt8]]) -> SimulatedDisk {
        let disk = SimulatedDisk()
        doing {
            try disk.makeDirectory("data")
            if files.isEmpty { return }
            try disk.makeDirectory(directory)
            for (name, bytes) in files.sorted(by: { $0.key < $1.key }) {
                let file = try disk.open(directory + "/" + name, .create)
                try bytes.withUnsafeBytes { try file.write($0, at: 0) }
            }
        }
        return disk
    }

    /// Payloads by sequence, as far as they can be read. As whoever reads must, it looks whether
    /// damage was come upon meanwhile.
    static func contents(_ log: MessageLog) throws -> [(sequence: UInt64, payload: [UInt8])] {
        let known = log.notes.count
        var found: [(sequence: UInt64, payload: [UInt8])] = []
        for segment in log.snapshot.segments {
            var reader = PayloadReader(segment)
            for row in 0..<segment.rows {
                let sequence = segment.firstSequence + UInt64(row)
                found.append((sequence, try reader.payload(ofRow: row)))
            }
        }
        try log.notes.checkUnchanged(since: known)
        return found
    }

    /// Opens a log with damaged files: it is refused in words, or serves and takes messages; and a
    /// repair ends in words, or in a log that opens.
    /// - Parameter isForged: the damage has right checksums; else it must not be taken for truth.
    static func exercise(_ files: [String: [UInt8]], isForged: Bool) {
        var disk = disk(files)
        do {
            let log = try MessageLog.open(
                disk, directory: directory, options: options(readOnly: true))
            let shown = try contents(log)
            if !isForged { expectTruth(shown) }
            _ = try log.verify()
            try use(disk, isForged: isForged)
        } catch {
            precondition(!"\(error)".isEmpty, "a refusal is in words")
        }
        disk = self.disk(files)
        do {
            let report = try MessageLog.repair(disk, directory: directory, options: options())
            precondition(report.losses.allSatisfy { $0.count > 0 }, "a loss is of something")
        } catch {
            precondition(!"\(error)".isEmpty, "a refusal is in words")
            return
        }
        do {
            let log = try MessageLog.open(
                disk, directory: directory, options: options(readOnly: true))
            if !isForged { expectTruth(try contents(log).filter { !$0.payload.isEmpty }) }
        } catch {
            // Retention may have dropped what is read here, and forged bytes can say anything.
            guard case LogError.dropped = error else {
                precondition(isForged, "a repaired log opens and can be read: \(error)")
                return
            }
        }
    }

    /// Whatever is shown was appended, at the sequence where it stands.
    private static func expectTruth(_ shown: [(sequence: UInt64, payload: [UInt8])]) {
        for (sequence, payload) in shown where sequence <= UInt64(messages.count) {
            precondition(
                payload.elementsEqual(messages[Int(sequence) - 1].envelope.utf8),
                "sequence \(sequence) is not what was appended")
        }
    }

    private static func use(_ disk: SimulatedDisk, isForged: Bool) throws {
        var log = try MessageLog.open(disk, directory: directory, options: options())
        let before = log.snapshot.end
        // Others than those that the files may have.
        let fresh = (901...903).map { MadeUpMessage($0, choice: UInt64($0)) }
        var outcomes: [AppendOutcome] = []
        try log.append([MadeUpMessage.records(fresh)], outcomes: &outcomes)
        try log.close()
        log = try MessageLog.open(disk, directory: directory, options: options())
        precondition(
            isForged || log.snapshot.end == before + UInt64(fresh.count),
            "what was appended is there after a stop")
        try log.close()
    }
}
