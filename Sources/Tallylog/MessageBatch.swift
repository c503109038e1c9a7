import Engine
import Envelope
import MessageLog
import Model

/// Messages that are parsed and wait to be appended together.
public struct MessageBatch: Sendable {
    var records = RecordBatch()
    private let profile: Profile

    /// A batch whose messages get the names of the `fedora` profile; see `Store.makeBatch`.
    public init() { profile = .fedora }

    /// - Parameters:
    ///   - profile: which fields name users, packages and objects: `fedora`, `generic`, `none`, or
    ///     the path of a file.
    ///   - aliases: the path of a JSON object of accounts by nick or mail address; nil for none.
    /// - Throws: `StoreError` if a file cannot be read or has a mistake: where, and what is
    ///   accepted.
    public init(profile: String, aliases: String? = nil) throws(StoreError) {
        do {
            self.profile = try Profile.load(profile, aliases: aliases)
        } catch { throw StoreError(sentence: error.description) }
    }

    init(_ profile: Profile) { self.profile = profile }

    /// The number of messages.
    public var count: Int { records.count }

    /// Parses one envelope and adds it.
    /// - Returns: nil, or why the envelope was refused; the batch is as before then.
    public mutating func add(_ envelope: [UInt8]) -> Refusal? {
        add([envelope]).first?.refusal
    }

    /// Parses envelopes and adds those that are accepted.
    /// - Returns: the refused ones: their places in `envelopes`, and why.
    public mutating func add(_ envelopes: [[UInt8]]) -> [(place: Int, refusal: Refusal)] {
        let parser = EnvelopeParser(profile: profile)
        let arrival = WallClock.now
        if records.isEmpty { records = RecordBatch(capacity: Self.room(for: envelopes)) }
        var refused: [(place: Int, refusal: Refusal)] = []
        for (place, envelope) in envelopes.enumerated() {
            let outcome = unsafe envelope.withUnsafeBytes { bytes in
                unsafe parser.append(bytes, frameTopic: nil, arrival: arrival, to: &records)
            }
            if case .rejected(let rejection) = outcome {
                refused.append((place, Refusal(sentence: rejection.sentence)))
            }
        }
        return refused
    }

    /// What records of these envelopes will take, about.
    private static func room(for envelopes: [[UInt8]]) -> Int {
        envelopes.reduce(0) { $0 + $1.count + recordBytes }
    }

    /// More than a record has besides its payload: its header, and the entries of a few names.
    private static let recordBytes = 128
}

/// Why an envelope was refused.
public struct Refusal: Sendable, Hashable {
    /// One sentence: what was wrong, and what is accepted.
    public let sentence: String
}

/// What became of an appended message.
public enum Receipt: Sendable, Hashable {
    /// Durable at this sequence.
    case appended(sequence: UInt64)
    /// The log already had it, at this sequence.
    case duplicate(of: UInt64)

    init(_ outcome: AppendOutcome) {
        switch outcome {
        case .appended(let sequence): self = .appended(sequence: sequence)
        case .duplicate(let sequence): self = .duplicate(of: sequence)
        }
    }
}
