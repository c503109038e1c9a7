import Disk
import Envelope
import Glibc
import Model

@testable import MessageLog

enum LogOperations {
    static let all: [(name: String, prepare: Operations.Preparation)] = [
        ("checksum of 64 KiB", checksum),
        ("append 1,000 messages to the log", appending),
        ("intersect two posting lists", intersection),
        ("decode a block of columns", columnBlock),
        ("decompress a block of an archive", archiveBlock),
        ("put 1,000 payloads together again", payloads),
    ]

    private static func checksum() -> (Int) -> Void {
        let bytes = [UInt8](repeating: 77, count: 64 << 10)
        return { times in
            for _ in 0..<times { use(Checksum.crc32c(bytes)) }
        }
    }

    private static let options = LogOptions(
        journalBytes: 256 << 20, sealsWhileAppending: false, randomWord: { 0x5eed })

    /// A log in a directory that goes away with the process.
    private static func newLog() throws -> MessageLog {
        let directory = "/tmp/tallylog-operations.\(getpid())"
        let disk = PosixDisk()
        try disk.makeDirectory(directory)
        return try MessageLog.open(disk, directory: directory, options: options)
    }

    private static func remove(_ log: MessageLog) throws {
        for name in try log.disk.list(log.directory) { unlink(log.directory + "/" + name) }
        rmdir(log.directory)
    }

    /// The names, the checksum, the duplicate check, the columns and the write. All batches are
    /// made whatever the number of times.
    private static func appending() throws -> (Int) throws -> Void {
        let parser = EnvelopeParser(profile: try Profile.load("generic", aliases: nil))
        let batches = (1...8).map {
            EnvelopeOperations.batch(EnvelopeOperations.envelopes(seed: UInt64($0)), parser)
        }
        let log = try newLog()
        return { times in
            precondition(times <= batches.count, "so many batches are made")
            var outcomes: [AppendOutcome] = []
            for batch in batches.prefix(times) { try log.append([batch], outcomes: &outcomes) }
            try remove(log)
        }
    }

    /// 8,000 messages, sealed. Its files are gone, but stay mapped.
    private static func sealedSegment(archived: Bool) throws -> Segment {
        let parser = EnvelopeParser(profile: try Profile.load("generic", aliases: nil))
        let log = try newLog()
        var outcomes: [AppendOutcome] = []
        let envelopes = EnvelopeOperations.envelopes(8_000)
        try log.append([EnvelopeOperations.batch(envelopes, parser)], outcomes: &outcomes)
        try log.roll()
        while try log.sealNext() {}
        while archived, try log.compactNext(everything: true, isStopped: { false }) > 0 {}
        let segment = log.snapshot.segments[0]
        try remove(log)
        return segment
    }

    /// Of the topic and the user that most messages have.
    private static func intersection() throws -> (Int) -> Void {
        let segment = try sealedSegment(archived: false)
        let all = 0..<segment.rows
        func mostFrequent(_ dimension: Dimension, of names: UInt32) -> UInt32 {
            func occurrences(_ id: UInt32) -> Int {
                segment.columns.occurrences(dimension, id) ?? 0
            }
            return (1...names).max { occurrences($0) < occurrences($1) } ?? 1
        }
        let (topicID, userID) = (mostFrequent(.topic, of: 200), mostFrequent(.user, of: 2_000))
        return { times in
            for _ in 0..<times {
                guard var topic = segment.columns.postingCursor(.topic, topicID),
                    var user = segment.columns.postingCursor(.user, userID)
                else { preconditionFailure("a sealed segment has posting lists") }
                var rows: [UInt32] = []
                topic.append(in: all, to: &rows)
                use(rows.filter { user.contains(Int($0)) })
            }
        }
    }

    private static func columnBlock() throws -> (Int) -> Void {
        let segment = try sealedSegment(archived: false)
        return { times in
            for _ in 0..<times { use(segment.columns.block(3, .all)) }
        }
    }

    private static func archiveBlock() throws -> (Int) throws -> Void {
        let segment = try sealedSegment(archived: true)
        guard case .archive(let archive) = segment.payloads else {
            preconditionFailure("the segment is archived")
        }
        use(try archive.text(ofBlock: 0))
        return { times in
            for _ in 0..<times { use(try archive.text(ofBlock: 5)) }
        }
    }

    /// In the order of the log; their blocks are in memory.
    private static func payloads() throws -> (Int) throws -> Void {
        let segment = try sealedSegment(archived: true)
        func readAll() throws {
            var reader = PayloadReader(segment)
            var bytes: [UInt8] = []
            for row in 5_000..<6_000 { try reader.append(payloadOfRow: row, to: &bytes) }
            use(bytes)
        }
        try readAll()
        return { times in
            for _ in 0..<times { try readAll() }
        }
    }
}
