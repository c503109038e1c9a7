// What the engine's tests share: a small engine, messages as records, appends that wait.
import Disk
import Engine
import Envelope
import MessageLog
import Model
import Query
import Synchronization
import TestSupport

/// Limits under which a few dozen messages fill a segment.
func smallOptions(
    disk: any Disk = PosixDisk(), journalBytes: Int = 32 << 10, segmentRecords: Int = 50,
    seed: UInt64 = 1
) -> Engine.Options {
    let random = Mutex(SeededGenerator(seed: seed))
    var options = Engine.Options()
    options.log = LogOptions(
        journalBytes: journalBytes, segmentRecords: segmentRecords, blockRows: 8,
        sealsWhileAppending: false, randomWord: { random.withLock { $0.next() } })
    // The default of 64 GiB of address space is too much for many engines at once.
    options.indexMapBytes = 64 << 20
    options.disk = disk
    return options
}

extension Profile {
    /// Names of every dimension, for the messages of `RandomHistory`.
    static let ofTests: Profile = {
        let field = { (text: String) -> Field in
            do { return try Field(text) } catch { preconditionFailure("\(error)") }
        }
        var rule = ExtractionRule([])
        rule.users = [field("agent"), field("assignee")]
        rule.packages = [field("name")]
        rule.objects = [field("things/<things[]>")]
        rule.agent = [field("agent")]
        return Profile(name: "tests", rules: [], otherwise: rule)
    }()
}

/// The records of messages, parsed as a feed would.
func records(_ messages: some Sequence<ModelMessage>) -> RecordBatch {
    records(parsing: messages.map(\.envelope), profile: .ofTests)
}

/// The records of envelopes, which must be messages.
func records(parsing envelopes: some Sequence<String>, profile: Profile) -> RecordBatch {
    let parser = EnvelopeParser(profile: profile)
    let arrival = Timestamp(microseconds: RandomHistory.arrival)
    var batch = RecordBatch()
    for envelope in envelopes {
        let outcome = Array(envelope.utf8).withUnsafeBytes {
            parser.append($0, frameTopic: nil, arrival: arrival, to: &batch)
        }
        precondition(outcome == .record, "\(envelope): \(outcome)")
    }
    return batch
}

/// Appends and waits until all is durable.
func append(_ messages: some Sequence<ModelMessage>, to engine: Engine) throws -> [AppendOutcome] {
    try Appending(records(messages), to: engine).outcome.get()
}

/// An engine of the smallest limits, with so many messages of a random history in it.
func filledEngine(
    in directory: TemporaryDirectory, messages: Int, seed: UInt64
) throws -> Engine {
    let engine = try Engine(
        directory: directory.path + "/store",
        options: smallOptions(journalBytes: 64 << 10, segmentRecords: 50, seed: seed))
    var source = RandomHistory(seed: seed)
    _ = try append(source.messages(messages), to: engine)
    return engine
}

/// Everything that can be asked for by one word: the number of all messages.
func count(_ engine: Engine) -> Reply { Executor.answer(.count(Selection()), from: engine) }

extension RandomHistory {
    mutating func messages(_ count: Int) -> [ModelMessage] { (0..<count).map { _ in message() } }
}

/// A clock that a test sets.
final class TestClock: Sendable {
    private let time = Mutex(Timestamp(seconds: 0))

    var now: Timestamp {
        get { time.withLock { $0 } }
        set { time.withLock { $0 = newValue } }
    }
}
