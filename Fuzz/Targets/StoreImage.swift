import Disk
import Engine
import MessageLog
import Model
import Query
import Rules
import Synchronization
import TestSupport

/// A small store on the real file system: LMDB knows no other.
struct StoreImage: Sendable {
    static let messages = (1...60).map { MadeUpMessage($0, choice: UInt64($0)) }
    static let rule = """
        pushes:
          keys: {who: agent, topic: $.topic}
          aggregates: {total: {sum: n}, least: {min: n}, people: {distinct: agent}, \
        newest: {latest: {what: name}}, spread: {quantiles: n}}
        """

    /// By path inside the store.
    private let files: [String: [UInt8]]

    /// A store that was closed, with a rule.
    static let closed: StoreImage = LogImage.doing {
        let directory = TemporaryDirectory()
        let engine = try Engine(directory: directory.path + "/store", options: options())
        append(messages, to: engine)
        _ = try engine.create(RuleReader.rule(Array(rule.utf8), file: "pushes"))
        precondition(engine.waitForRule("pushes", milliseconds: 60_000), "the rule is computed")
        try engine.close()
        return try StoreImage(reading: directory.path + "/store")
    }

    static func options(disk: any Disk = PosixDisk()) -> Engine.Options {
        let random = Mutex(SeededGenerator(seed: 1))
        var options = Engine.Options()
        options.log = LogOptions(
            journalBytes: 16 << 10, segmentRecords: 24, blockRows: 8,
            sealsWhileAppending: false, randomWord: { random.withLock { $0.next() } })
        options.indexMapBytes = 16 << 20
        options.disk = disk
        return options
    }

    /// Appends and waits until all is durable, or refused.
    /// - Returns: nil where it was refused.
    @discardableResult
    static func append(_ messages: [MadeUpMessage], to engine: Engine) -> [AppendOutcome]? {
        let answer = Monitor<AppendResult?>(nil)
        engine.append(MadeUpMessage.records(messages)) { result in answer.change { $0 = result } }
        return try? answer.wait { $0 }?.get()
    }

    private init(reading store: String) throws {
        let disk = PosixDisk()
        var files: [String: [UInt8]] = [:]
        func read(_ directory: String) throws {
            for name in try disk.list(store + directory) {
                let path = directory + "/" + name
                guard !name.hasSuffix("lock.mdb"), name != "lock" else { continue }
                guard let file = try? disk.open(store + path, .read), let size = try? file.size()
                else {
                    try read(path)
                    continue
                }
                guard let bytes = try? Self.bytes(file, size) else {
                    try read(path)
                    continue
                }
                files[path] = bytes
            }
        }
        try read("")
        self.files = files
    }

    private static func bytes(_ file: any DiskFile, _ size: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: size)
        let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
        precondition(count == size, "a file is read whole")
        return bytes
    }

    /// Writes the store into a directory that is not there yet.
    func write(to store: String) {
        LogImage.doing {
            let disk = PosixDisk()
            try disk.makeDirectory(store)
            for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
                var directory = store
                for part in path.split(separator: "/").dropLast() {
                    directory += "/" + part
                    try disk.makeDirectory(directory)
                }
                let file = try disk.open(store + path, .create)
                try bytes.withUnsafeBytes { try file.write($0, at: 0) }
                file.close()
            }
        }
    }

    /// Questions of all kinds, in the protocol's words.
    static let questions = [
        "COUNT", "COUNT USER ada", "COUNT TOPIC one USER bob", "COUNT CATEGORY git NOT USER cyd",
        "COUNT FROM 1772755201 TO 1772800000", "SERIES 1h", "SERIES 1d BY user", "SERIES 1m",
        "SERIES 1h DISTINCT package", "TOP ALL user", "TOP 3 topic USER ada", "TOP ALL package",
        "DISTINCT user TOPIC one", "NAMES topic", "SEEN user bob", "LATEST BY package",
        "MESSAGES USER ada LIMIT 5", "READ FROM 1 LIMIT 5", "TOP ALL user PACKAGE kernel",
        "COUNT RULE pushes", "SERIES 1h RULE pushes BY who", "TOP ALL who RULE pushes",
        "VALUES 1d RULE pushes total", "VALUES TOTAL RULE pushes spread BY who",
        "LATEST BY who RULE pushes", "DISTINCT people RULE pushes", "VALUES 1h RULE pushes least",
    ].map { question($0) }

    private static func question(_ text: String) -> Question {
        let words = Words(text.split(separator: " ").map { Array($0.utf8) })
        guard case .question(let question, _)? = try? RequestParser.parse(words, now: now) else {
            preconditionFailure("a question can be read: \(text)")
        }
        return question
    }

    static let now = Timestamp(seconds: MadeUpMessage.start + 300_000)

    /// The answers to all questions.
    static func answers(_ engine: Engine) -> [Reply] {
        questions.map { Executor.answer($0, from: engine).spelledOut }
    }
}
